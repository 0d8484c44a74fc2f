"""A plain WSGI application with one small function for each thing that tests
want an application to do.  PATH_INFO names the function."""

import contextvars
import gzip
import hashlib
import io
import json
import os
import sys
import time
from collections import Counter
from urllib.parse import parse_qsl
from wsgiref.validate import validator

from latch import wait_for_file

IMPORTED_BY = os.getpid()

#: How often close() was called, by the id in the query.
closed = Counter()

current = contextvars.ContextVar("current")


def pattern(size):
    """size bytes in which a hole or a repetition changes the checksum."""
    seed = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(32))
    return (seed * (size // len(seed) + 1))[:size]


def query(environ):
    return dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True, encoding="latin-1"))


def text(start_response, *pieces, status="200 OK", fields=()):
    body = "".join(str(piece) for piece in pieces).encode("latin-1")
    start_response(status, [("Content-Length", str(len(body))), *fields])
    return [body]


def as_json(start_response, value):
    return text(start_response, json.dumps(value))


class Closing:
    """An iterable that counts the calls of its close()."""

    def __init__(self, pieces, name):
        self.pieces, self.name = pieces, name

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        closed[self.name] += 1


# What the server is and knows.


def hello(environ, start_response):
    return text(start_response, "hello")


def pid(environ, start_response):
    return text(start_response, os.getpid())


def imported_by(environ, start_response):
    return text(start_response, IMPORTED_BY)


def variable(environ, start_response):
    return text(start_response, os.environ.get(query(environ)["name"], "(unset)"))


def show_environ(environ, start_response):
    """Objects by their type only: looking closer at gunicorn.socket would be
    taken for using it."""
    plain = (str, int, bool, tuple)
    shown = {k: v if type(v) in plain else f"<{type(v).__name__}>" for k, v in environ.items()}
    return as_json(start_response, shown)


# Request bodies.


def read_calls(stream, how):
    if how == "read":
        return [stream.read(), stream.read()]
    if how == "readline":
        return list(iter(stream.readline, b""))
    if how == "readline4":
        return list(iter(lambda: stream.readline(4), b""))
    if how == "readlines":
        return stream.readlines()
    if how == "iterate":
        return list(stream)
    return list(iter(lambda: stream.read(int(how)), b""))


def echo(environ, start_response):
    """What each call on wsgi.input returned."""
    pieces = read_calls(environ["wsgi.input"], query(environ).get("how", "read"))
    return as_json(start_response, [piece.decode("latin-1") for piece in pieces])


def checksum(environ, start_response):
    return text(start_response, hashlib.sha256(environ["wsgi.input"].read()).hexdigest())


# Response bodies.


def a_list(environ, start_response):
    start_response("200 OK", [])
    return [b"one,", b"two,", b"three"]


def a_tuple(environ, start_response):
    start_response("200 OK", [])
    return (b"one,", b"", b"two")


def a_generator(environ, start_response):
    start_response("200 OK", [])
    yield b"one,"
    yield b""
    yield b"two"


def late_start(environ, start_response):
    """A generator that calls start_response only when asked for its first piece."""
    start_response("200 OK", [("X-Late", "yes")])
    yield b"late"


def empty(environ, start_response):
    start_response("200 OK", [("X-Empty", "yes")])
    return []


def too_long(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"12345", b"67890"]


def too_short(environ, start_response):
    start_response("200 OK", [("Content-Length", "10")])
    return [b"12345"]


def not_bytes(environ, start_response):
    start_response("200 OK", [])
    return ["text"]


def size(environ, start_response):
    """A finished list of n bytes."""
    body = pattern(int(query(environ)["n"]))
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body[: len(body) // 2], body[len(body) // 2 :]]


def stream(environ, start_response):
    """count pieces of n bytes, without a length."""
    arguments = query(environ)
    piece = pattern(int(arguments["n"]))
    start_response("200 OK", [])
    return Closing((piece for _ in range(int(arguments["count"]))), arguments.get("id", ""))


def latched(environ, start_response):
    """A piece, and another when the test has made the file."""
    start_response("200 OK", [])
    yield b"first"
    wait_for_file(query(environ)["file"])
    yield b"second"


def slow(environ, start_response):
    """Reports its start by a file and answers when the test has made another."""
    arguments = query(environ)
    open(arguments["started"], "w").close()
    wait_for_file(arguments["file"])
    return text(start_response, "slow")


def hang(environ, start_response):
    while True:
        time.sleep(0.1)


def by_write(environ, start_response):
    write = start_response("200 OK", [])
    write(b"written,")
    write(b"twice,")
    return [b"returned"]


def big_write(environ, start_response):
    write = start_response("200 OK", [])
    arguments = query(environ)
    for _ in range(int(arguments["count"])):
        write(pattern(int(arguments["n"])))
    return []


def from_file(environ, start_response):
    """A real file, from an offset on or after some bytes were read, with or
    without Content-Length."""
    arguments = query(environ)
    file = open(arguments["file"], "rb")
    file.seek(int(arguments.get("offset", 0)))
    file.read(int(arguments.get("skip", 0)))
    fields = [("Content-Length", arguments["length"])] if "length" in arguments else []
    start_response("200 OK", fields)
    return environ["wsgi.file_wrapper"](file)


def from_memory(environ, start_response):
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](io.BytesIO(pattern(20000)), 1000)


def from_gzip(environ, start_response):
    """A file whose descriptor has other bytes than its read()."""
    start_response("200 OK", [])
    return environ["wsgi.file_wrapper"](gzip.open(query(environ)["file"]))


def closing(environ, start_response):
    """A body whose close() is counted; how: what happens before it."""
    arguments = query(environ)

    def pieces():
        yield b"one"
        if arguments["how"] == "raise":
            raise RuntimeError("in the middle")
        yield b"two"

    start_response("200 OK", [])
    return Closing([] if arguments["how"] == "empty" else pieces(), arguments["id"])


def count_closed(environ, start_response):
    return text(start_response, closed[query(environ)["id"]])


# start_response and errors.


def start_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("201 Created", [])
    return [b"not reached"]


def by_name(environ, start_response):
    start_response(status="202 Accepted", headers=[("X-By", "name")])
    return [b"by name"]


def no_start(environ, start_response):
    return [b"no head"]


def replaced(environ, start_response):
    """exc_info before the head has gone out: the new head counts."""
    start_response("200 OK", [("X-First", "yes")])
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start_response("503 Service Unavailable", [("X-Second", "yes")], sys.exc_info())
    return [b"replaced"]


def too_late(environ, start_response):
    """exc_info after the head has gone out: start_response raises it."""
    start_response("200 OK", [])
    yield b"first"
    try:
        raise ValueError("came too late")
    except ValueError:
        start_response("500 Internal Server Error", [], sys.exc_info())
    yield b"not reached"


def field(environ, start_response):
    """Any field and status that the query asks for."""
    arguments = query(environ)
    status = arguments.pop("status", "200 OK")
    return text(start_response, "field", status=status, fields=list(arguments.items()))


def boom(environ, start_response):
    raise RuntimeError("boom was asked for")


def boom_late(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    raise RuntimeError("boom after the head")


def errors(environ, start_response):
    stream = environ["wsgi.errors"]
    stream.write("written to wsgi.errors\n")
    stream.writelines(["first line\n", "second line: \u00e9\n"])
    stream.flush()
    return text(start_response, "errors")


def early_hints(environ, start_response):
    for link in "</a>", "</b>":
        environ["wsgi.early_hints"]([("Link", link)])
    return text(start_response, "hinted")


def paused(environ, start_response):
    start_response("200 OK", [])
    yield from environ["ucorn.wait"](0)
    yield b"one,"
    yield from environ["ucorn.wait"](0)
    yield b"two"


class Context:
    """Tells on its way whether the context variable is still this request's."""

    def __init__(self, environ, start_response):
        arguments = query(environ)
        self.count, self.size = int(arguments["count"]), int(arguments["n"])
        current.set(arguments["id"])
        start_response("200 OK", [])

    def __iter__(self):
        for _ in range(self.count):
            yield current.get().encode().ljust(self.size, b".")

    def close(self):
        closed[current.get()] += 1


ROUTES = {
    "/": hello,
    "/pid": pid,
    "/imported-by": imported_by,
    "/variable": variable,
    "/echo": echo,
    "/checksum": checksum,
    "/list": a_list,
    "/tuple": a_tuple,
    "/generator": a_generator,
    "/late-start": late_start,
    "/empty": empty,
    "/too-long": too_long,
    "/too-short": too_short,
    "/not-bytes": not_bytes,
    "/size": size,
    "/stream": stream,
    "/latched": latched,
    "/slow": slow,
    "/hang": hang,
    "/write": by_write,
    "/big-write": big_write,
    "/file": from_file,
    "/memory": from_memory,
    "/gzip": from_gzip,
    "/closing": closing,
    "/closed": count_closed,
    "/start-twice": start_twice,
    "/by-name": by_name,
    "/no-start": no_start,
    "/replaced": replaced,
    "/too-late": too_late,
    "/field": field,
    "/boom": boom,
    "/boom-late": boom_late,
    "/errors": errors,
    "/early-hints": early_hints,
    "/paused": paused,
    "/context": Context,
}


def application(environ, start_response):
    """Paths without a function of their own show the environ."""
    return ROUTES.get(environ["PATH_INFO"], show_environ)(environ, start_response)


app = application


@validator
def validated(environ, start_response):
    """wsgiref's validator watches what the server does with this one."""
    environ["wsgi.input"].read(10)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"valid"]


def create_app(name, flag=False):
    def made(environ, start_response):
        return text(start_response, name, " ", flag)

    return made


not_callable = 42
