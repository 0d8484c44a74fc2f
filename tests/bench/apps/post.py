"""Reads the whole body of the request and says how long it was."""


def app(environ, start_response):
    body = b"%d\n" % len(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
