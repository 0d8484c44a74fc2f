"""A mebibyte in one piece."""

BODY = b"x" * (1 << 20)
FIELDS = [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(BODY)))]


def app(environ, start_response):
    start_response("200 OK", FIELDS)
    return [BODY]
