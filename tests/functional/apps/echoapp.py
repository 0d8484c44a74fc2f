"""What tests/support/echo_app.c does, byte for byte, as a WSGI application: so the
corpus in tests/http has one expectation for both.  Keep them alike."""

import tempfile

FIXED = b"Hello, World\n"
LONG = bytes(ord("\n") if i % 60 == 59 else ord("0") + i // 60 % 10 for i in range(1100))
STREAM_MAX = 1000

TEXT = ("Content-Type", "text/plain")


def digits(text):
    """The number that text begins with."""
    length = next((i for i, c in enumerate(text) if c not in "0123456789"), len(text))
    return int(text[:length] or 0)


def stream(count):
    for number in range(min(count, STREAM_MAX)):
        yield b"piece %d\n" % number


def borrowed():
    yield b"head,"
    yield LONG
    yield b",tail\n"


def cut():
    yield b"half of it"
    raise RuntimeError("after the head")


def file_range(environ, start_response):
    file = tempfile.TemporaryFile()
    file.write(LONG)
    file.seek(100)
    start_response("200 OK", [TEXT, ("Content-Length", "600")])
    return environ["wsgi.file_wrapper"](file)


def written(write):
    for at in range(0, len(LONG), 300):
        write(LONG[at : at + 300])
    return []


def app(environ, start_response):
    target = environ["RAW_URI"]
    if target == "/fail":
        raise RuntimeError("before the head")
    if target == "/file":
        return file_range(environ, start_response)
    if target.startswith("/status/"):
        start_response(target[len("/status/") :], [TEXT])
        return [FIXED]
    write = start_response("200 OK", [TEXT])
    if target == "/fixed":
        return [FIXED]
    if target == "/borrow":
        return borrowed()
    if target == "/write":
        return written(write)
    if target == "/cut":
        return cut()
    if target.startswith("/stream/"):
        return stream(digits(target[len("/stream/") :]))
    line = f"{environ['REQUEST_METHOD']} {target}\n".encode("latin-1")
    return [line + environ["wsgi.input"].read()]
