"""A mebibyte from a file, by wsgi.file_wrapper where the server has one."""

import tempfile

from big import BODY, FIELDS


def make_file():
    """A file without a name, which each request opens anew by its descriptor."""
    file = tempfile.TemporaryFile()
    file.write(BODY)
    file.flush()
    return file


FILE = make_file()
PATH = f"/proc/self/fd/{FILE.fileno()}"
BLOCK = 65536


def pieces(file, size):
    with file:
        while piece := file.read(size):
            yield piece


def app(environ, start_response):
    start_response("200 OK", FIELDS)
    wrapper = environ.get("wsgi.file_wrapper", pieces)
    return wrapper(open(PATH, "rb"), BLOCK)
