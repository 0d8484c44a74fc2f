"""The applications of wsgiapp, and large bodies both ways."""

import functools
import hashlib
from collections import Counter

import wsgiapp
from wsgiapp import query, text

LARGE_BYTES = 50 << 20
PIECE_BYTES = 64 << 10

#: How often /run was run, by an id in the query.
runs = Counter()


@functools.cache
def large():
    return wsgiapp.pattern(LARGE_BYTES)


def shared(environ, start_response):
    """One object, the same for all requests."""
    start_response("200 OK", [("Content-Length", str(LARGE_BYTES))])
    return [large()]


def pieces(environ, start_response):
    """The same bytes from a generator: each piece is an object of its own."""
    start_response("200 OK", [("Content-Length", str(LARGE_BYTES))])
    body = large()
    for start in range(0, LARGE_BYTES, PIECE_BYTES):
        yield body[start : start + PIECE_BYTES]


def upload(environ, start_response):
    """The checksum of the body, which is never in memory as a whole."""
    checksum = hashlib.sha256()
    for piece in iter(lambda: environ["wsgi.input"].read(PIECE_BYTES), b""):
        checksum.update(piece)
    return text(start_response, checksum.hexdigest())


def run(environ, start_response):
    runs[query(environ)["id"]] += 1
    return text(start_response, "run")


def count_runs(environ, start_response):
    return text(start_response, runs[query(environ)["id"]])


ROUTES = {
    "/shared": shared,
    "/pieces": pieces,
    "/upload": upload,
    "/run": run,
    "/runs": count_runs,
}


def app(environ, start_response):
    return ROUTES.get(environ["PATH_INFO"], wsgiapp.application)(environ, start_response)
