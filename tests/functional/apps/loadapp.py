"""The application of the load tests.  It writes the id of every request it
starts, and the worker's pid, to a journal, so that a test can hold what was
started against what was answered."""

import os

JOURNAL = os.open(os.environ["LOAD_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def app(environ, start_response):
    name = environ.get("HTTP_X_ID")
    if name:
        os.write(JOURNAL, b"%s %d\n" % (name.encode(), os.getpid()))
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b"got"
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Id", name or "-")])
    return [body, b" for ", (name or "-").encode()]
