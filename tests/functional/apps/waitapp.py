"""Applications that wait by environ['ucorn.wait'].  PATH_INFO names the function; what it
names besides is one of wsgiapp's."""

import json
import os
import socket
import threading
import time

import wsgiapp
from wsgiapp import as_json, closed, current, query, text

#: What awaiting requests are told through, by the id in the query.
pipes = {}


def value_of(pause):
    """What `yield from` would give, where nothing is yielded."""
    try:
        piece = next(pause)
    except StopIteration as stop:
        return stop.value
    raise AssertionError(f"it yields {piece!r}")


def timed(environ, start_response):
    """Waits for so many seconds, and tells how long it was; busy: for so long before that."""
    arguments = query(environ)
    time.sleep(float(arguments.get("busy", 0)))
    begun = time.monotonic()
    ready = yield from environ["ucorn.wait"](float(arguments["s"]))
    yield from as_json(start_response, [ready, time.monotonic() - begun])


def descriptors(environ, start_response):
    """Of a pair of sockets, before and after something was sent."""
    wait = environ["ucorn.wait"]
    here, there = socket.socketpair()
    with here, there:
        found = [(yield from wait(0.02, here)), (yield from wait(0, here))]
        there.send(b"x")
        found += [(yield from wait(60, here)), (yield from wait(0, here.fileno()))]
        found += [(yield from wait(fd=here)), (yield from wait(fd=here, write=True))]
    with open(__file__) as file:
        found.append((yield from wait(60, file)))
    yield from as_json(start_response, found)


def awaiting(environ, start_response):
    """A piece, and another when somebody has told it or the time is up; in a context of its
    own."""
    arguments = query(environ)
    name = arguments["id"]
    current.set(name)
    pipes[name] = os.pipe()
    start_response("200 OK", [])
    try:
        yield b"waiting"
        ready = yield from environ["ucorn.wait"](float(arguments.get("s", 60)), pipes[name][0])
        yield f"{current.get()} {ready}".encode()
    finally:
        for fd in pipes.pop(name):
            os.close(fd)
        closed[current.get()] += 1
        print("closed", name, flush=True)


def tell(environ, start_response):
    os.write(pipes[query(environ)["id"]][1], b"x")
    return text(start_response, "told")


def mistakes(environ, start_response):
    wait = environ["ucorn.wait"]
    with socket.socket() as closed_socket:
        pass
    shown = []
    for args, kwargs in [
        ((), {}), ((None,), {}), (("1",), {}), ((-1,), {}), ((float("nan"),), {}), ((1e10,), {}),
        ((1, "1"), {}), ((1, -1), {}), ((1, closed_socket), {}), ((1,), {"until": 2}),
    ]:  # fmt: skip
        try:
            wait(*args, **kwargs)
        except Exception as error:
            shown.append(type(error).__name__)
    try:
        next(wait(1, 999_999_999))
    except OSError as error:
        shown.append(error.errno)
    return as_json(start_response, shown)


def dropped(environ, start_response):
    """Called, but not waited for."""
    environ["ucorn.wait"](60)
    return text(start_response, "dropped")


def in_thread(environ, start_response):
    begun, found = time.monotonic(), []
    thread = threading.Thread(
        target=lambda: found.append(value_of(environ["ucorn.wait"](timeout=0.05)))
    )
    thread.start()
    thread.join()
    return as_json(start_response, [*found, time.monotonic() - begun])


def by_hand(environ, start_response):
    """next() instead of `yield from`, where the server would have to wait."""
    wait, shown = environ["ucorn.wait"], []
    start_response("200 OK", [])
    pause = wait(0.05)
    shown.append(next(pause).decode())
    for other in (pause, wait(0)):
        try:
            next(other)
        except RuntimeError as error:
            shown.append(str(error))
    yield b""
    shown.append(value_of(pause))
    shown.append(list(pause))
    yield json.dumps(shown).encode()


class AtTheEnd:
    """Waits in its close()."""

    def __init__(self, environ, start_response):
        self.wait = environ["ucorn.wait"]
        start_response("200 OK", [])

    def __iter__(self):
        return iter([b"end"])

    def close(self):
        next(self.wait(0))


def ticks(environ, start_response):
    """Server-sent events, each with the time at which it was due."""
    arguments = query(environ)
    period, count = float(arguments["period"]), int(arguments["count"])
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    due = time.monotonic()
    for _ in range(count):
        yield b"data: %.6f\n\n" % due
        due += period
        yield from environ["ucorn.wait"](max(0, due - time.monotonic()))


ROUTES = {
    f"/{function.__name__}": function
    for function in (
        timed, descriptors, awaiting, tell, mistakes, dropped, in_thread, by_hand, AtTheEnd, ticks,
    )
}  # fmt: skip


def app(environ, start_response):
    route = ROUTES.get(environ["PATH_INFO"], wsgiapp.application)
    return route(environ, start_response)
