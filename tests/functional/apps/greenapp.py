"""An application for worker classes with greenlets.  PATH_INFO names the function."""

import json
import os
import sys
import threading
import time

from latch import wait_for_file

#: What the module finds when it is imported.
AT_IMPORT = time.sleep


def app(environ, start_response):
    return globals()[environ["PATH_INFO"][1:] or "hello"](environ, start_response)


def text(start_response, words):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(words)))])
    return [words.encode()]


def hello(environ, start_response):
    return text(start_response, "hello")


def about(environ, start_response):
    """Where an application finds itself."""
    import greenlet

    sock = environ["gunicorn.socket"]
    current = greenlet.getcurrent()
    found = {
        "patched at import": AT_IMPORT.__module__,
        "lock": threading.Lock().__class__.__module__,
        "greenlet": type(current).__module__,
        "has a parent": current.parent is not None,
        "multithread": environ["wsgi.multithread"],
        "socket": type(sock).__mro__[2].__module__,
        "preloaded": os.getpid() != IMPORTED_BY,
    }
    return text(start_response, json.dumps(found))


IMPORTED_BY = os.getpid()


class Meeting:
    """Where requests wait until there are enough of them."""

    there = 0


def meet(environ, start_response):
    Meeting.there += 1
    while Meeting.there % int(environ["QUERY_STRING"]):
        time.sleep(0.01)
    return text(start_response, "met")


def spin(environ, start_response):
    """Never lets another greenlet run."""
    while True:
        pass


def patient(environ, start_response):
    """Waits for the file that is named, and says how it ended."""
    print("waiting", file=sys.stderr, flush=True)
    try:
        wait_for_file(environ["QUERY_STRING"])
    except BaseException as error:
        print("ended by", type(error).__name__, file=sys.stderr, flush=True)
        raise
    return text(start_response, "patience")


def stubborn(environ, start_response):
    print("waiting", file=sys.stderr, flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            print("not ended", file=sys.stderr, flush=True)


def stream(environ, start_response):
    start_response("200 OK", [])
    for number in range(3):
        time.sleep(0.01)
        yield b"%d" % number


def endless(environ, start_response):
    start_response("200 OK", [])
    piece = b"x" * 65536
    try:
        while True:
            yield piece
    finally:
        print("closed", file=sys.stderr, flush=True)


def child(environ, start_response):
    """One that waits, too, for which it needs its own hub."""
    pid = os.fork()
    if pid == 0:
        time.sleep(0.3)
        os._exit(7)
    return text(start_response, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])))


def leave(environ, start_response):
    """In a greenlet of its own."""
    threading.Thread(target=lambda: os.kill(os.getpid(), 15)).start()
    return text(start_response, "bye")


kept = []


def keep_socket(environ, start_response):
    """The connection stays open beyond its end."""
    kept.append(environ["gunicorn.socket"].dup())
    return text(start_response, "kept")


def keep_all(environ, start_response):
    """Likewise all there are, in a child that lives on."""
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
        os._exit(0)
    kept.append(pid)
    return text(start_response, str(pid))


def kill_kept(environ, start_response):
    for pid in kept:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    return text(start_response, "killed")


def crowd(environ, start_response):
    """Many timers of gevent's, in whatever worker."""
    import gevent

    gevent.joinall([gevent.spawn_later(0.01, int) for _ in range(500)])
    return text(start_response, "crowd")


if os.environ.get("USE_GEVENT_AT_IMPORT"):
    import gevent

    gevent.joinall([gevent.spawn_later(0.001, int) for _ in range(10)])
