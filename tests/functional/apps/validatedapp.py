"""Applications of every kind behind wsgiref's validator, which raises an
AssertionError when either side breaks PEP 3333.  PATH_INFO names the function."""

import io
import sys
import warnings
from wsgiref.validate import WSGIWarning, validator

warnings.simplefilter("error", WSGIWarning)

PLAIN = [("Content-Type", "text/plain")]

#: The ways to read a body.  The validator wants read() with a size.
READERS = {
    "read": lambda stream: [stream.read(1 << 20)],
    "pieces": lambda stream: iter(lambda: stream.read(7), b""),
    "readline": lambda stream: iter(stream.readline, b""),
    "readline5": lambda stream: iter(lambda: stream.readline(5), b""),
    "readlines": lambda stream: stream.readlines(),
    "readlines1": lambda stream: stream.readlines(1) + stream.readlines(),
    "iterate": iter,
}


def as_list(_environ, start_response):
    start_response("200 OK", PLAIN)
    return [b"one,", b"", b"two"]


def as_tuple_with_length(_environ, start_response):
    start_response("200 OK", [*PLAIN, ("Content-Length", "7")])
    return (b"one,", b"two")


def as_generator(_environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"one,"
    yield b""
    yield b"two"


def as_late_generator(environ, start_response):
    """Calls start_response no sooner than it has to."""
    yield from as_list(environ, start_response)


def as_empty_list(_environ, start_response):
    start_response("200 OK", PLAIN)
    return []


def no_content(_environ, start_response):
    start_response("204 No Content", [])
    return []


def not_modified(_environ, start_response):
    start_response("304 Not Modified", [("ETag", '"1"')])
    return []


def written(_environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"one,")
    write(b"")
    write(b"two")
    return []


def written_and_returned(_environ, start_response):
    start_response("200 OK", PLAIN)(b"one,")
    return [b"two"]


def real_file(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(__file__, "rb"))


def file_in_blocks(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](open(__file__, "rb"), 100)


def file_in_memory(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](io.BytesIO(b"one,two"), 3)


def read_body(environ, start_response):
    """Answers with the pieces in which the body was read."""
    pieces = READERS[environ["QUERY_STRING"]](environ["wsgi.input"])
    start_response("200 OK", PLAIN)
    return [b"|".join(pieces)]


def error_page(_environ, start_response):
    """Something fails after start_response, before anything is sent."""
    start_response("200 OK", [*PLAIN, ("Content-Length", "1")])
    try:
        raise ValueError("expected by the test")
    except ValueError:
        start_response("500 Oops", PLAIN, sys.exc_info())
    return [b"sorry"]


def error_too_late(_environ, start_response):
    """Something fails when the head is out: start_response raises it again."""
    write = start_response("200 OK", [*PLAIN, ("Content-Length", "100")])
    write(b"begun")
    try:
        raise ValueError("expected by the test")
    except ValueError:
        start_response("500 Oops", PLAIN, sys.exc_info())
    return [b"never sent"]


def complain(environ, start_response):
    errors = environ["wsgi.errors"]
    errors.write("a word\n")
    errors.writelines(["two ", "words\n"])
    errors.flush()
    return as_list(environ, start_response)


@validator
def app(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    return globals()[name or "as_list"](environ, start_response)
