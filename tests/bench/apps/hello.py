"""The least an application does: 13 bytes, whose length it says."""

BODY = b"Hello, World\n"
FIELDS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def app(environ, start_response):
    start_response("200 OK", FIELDS)
    return [BODY]
