"""Reads request bodies in several ways and says what it got."""

import hashlib
import json


def pieces(source, size=10000):
    while piece := source.read(size):
        yield piece


def digest(environ, parts):
    total = hashlib.sha256()
    length = 0
    for part in parts:
        total.update(part)
        length += len(part)
    return {
        "length": length,
        "sha256": total.hexdigest(),
        "CONTENT_LENGTH": environ.get("CONTENT_LENGTH"),
        "HTTP_TRANSFER_ENCODING": environ.get("HTTP_TRANSFER_ENCODING"),
    }


WAYS = {
    "/pieces": lambda source: pieces(source),
    "/whole": lambda source: [source.read()],
    "/lines": lambda source: iter(source),
    "/readline": lambda source: iter(lambda: source.readline(1000), b""),
    "/some": lambda source: [source.read(10)],
    "/nothing": lambda source: [],
}


def app(environ, start_response):
    path = environ["PATH_INFO"]
    environ["wsgi.errors"].write(f"called for {path}\n")
    way = WAYS.get(path, WAYS["/nothing"])
    body = json.dumps(digest(environ, way(environ["wsgi.input"]))).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]
