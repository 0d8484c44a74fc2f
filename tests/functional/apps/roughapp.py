"""Applications that do to their server what it has to put up with: forks,
signals of their own, responses without end.  The rest is wsgiapp's."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextvars import ContextVar
from multiprocessing import get_context

import wsgiapp
from latch import wait_for_file
from wsgiapp import query, text

#: What happened, by a name in the query.
happened = Counter()

token_owner = ContextVar("token_owner")

# What the test wants to happen outside requests, by the environment.

if os.environ.get("AT_IMPORT") == "signal":
    signal.signal(signal.SIGTERM, lambda number, frame: None)
if os.environ.get("AT_IMPORT") == "wakeup":
    signal.set_wakeup_fd(-1)


@atexit.register
def leave_slowly():
    """Reports that it is leaving, and leaves when the test lets it."""
    if "LEAVING" in os.environ:
        open(os.environ["LEAVING"], "w").close()
        wait_for_file(os.environ["MAY_LEAVE"])


def count(environ, start_response):
    return text(start_response, happened[query(environ)["id"]])


def descriptor(environ, start_response):
    """What a descriptor of the worker is."""
    try:
        found = os.fstat(int(query(environ)["fd"]))
    except OSError as e:
        return text(start_response, e)
    return text(start_response, found.st_dev, ":", found.st_ino)


def nap(environ, start_response):
    time.sleep(0.01)
    return text(start_response, "nap")


def hold(environ, start_response):
    """Holds the worker until the test has made the file, then some seconds."""
    arguments = query(environ)
    open(arguments["started"], "w").close()
    wait_for_file(arguments["file"])
    time.sleep(float(arguments["seconds"]))
    return text(start_response, "held")


def endless(environ, start_response):
    """Pieces without end, with naps if asked for; file is made after seconds."""
    arguments = query(environ)
    start_response("200 OK", [])
    if "file" in arguments:
        seconds = float(arguments["seconds"])
        threading.Timer(seconds, lambda: open(arguments["file"], "w").close()).start()
    while True:
        time.sleep(float(arguments.get("nap", 0)))
        yield b"." * 16384


# Processes of the application's own.


def sleep_long():
    """Not for ever: a child that cannot be terminated would hold up the test."""
    for _ in range(100):
        time.sleep(0.1)


def forked_child():
    ready, running = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(running, b".")
        sleep_long()
        os._exit(77)
    os.read(ready, 1)
    os.close(ready)
    os.close(running)
    os.kill(pid, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def multiprocessing_child():
    child = get_context("fork").Process(target=sleep_long)
    child.start()
    child.terminate()
    child.join()
    return child.exitcode


def terminate_child(environ, start_response):
    """How a child ended that was sent SIGTERM."""
    how = {"fork": forked_child, "multiprocessing": multiprocessing_child}
    return text(start_response, how[query(environ)["how"]]())


def runaway_child(environ, start_response):
    """A child that goes on in here as its parent does; how it ended."""
    pid = os.fork()
    if pid == 0:
        if query(environ)["how"] == "exit":
            raise SystemExit(5)
        return text(start_response, "child")
    return text(start_response, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def child_with_an_end(environ, start_response):
    """What a child that leaves its view does afterwards."""
    there, here = os.pipe()
    if os.fork() == 0:
        os.close(there)
        atexit.register(os.write, here, b"atexit")
        threading.Thread(target=lambda: (time.sleep(0.2), os.write(here, b"thread "))).start()
        sys.stdout.write("printed by the child\n")
        raise SystemExit
    os.close(here)
    os.wait()
    with open(there) as told:
        return text(start_response, told.read())


def drop_wakeup(environ, start_response):
    return text(start_response, signal.set_wakeup_fd(-1))


def inherited(environ, start_response):
    """An environment variable as a program sees it that the application runs."""
    show = 'import os, sys; sys.stdout.write(os.environ.get(sys.argv[1], "(unset)"))'
    command = ["/usr/bin/python3", "-c", show, query(environ)["name"]]
    return text(start_response, subprocess.check_output(command, text=True))


# write() and streams that notice how they end.


def empty_write(environ, start_response):
    """An error between an empty piece and the first one that is not."""
    write = start_response("200 OK", [])
    write(b"")
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start_response("503 Service Unavailable", [], sys.exc_info())
    return [b"replaced"]


def write_to_nobody(environ, start_response):
    """Goes on writing when the test says that the client has gone."""
    arguments = query(environ)
    write = start_response("200 OK", [])
    write(b"first")
    wait_for_file(arguments["file"])
    try:
        for _ in range(50):
            write(b"." * 65536)
    except BrokenPipeError:
        happened[arguments["id"] + " raised"] += 1
        raise
    finally:
        happened[arguments["id"]] += 1
    return []


def rss_kib():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1])


def measured_write(environ, start_response):
    """wsgiapp's, in a file: by how many KiB this process grew meanwhile."""
    before = rss_kib()
    wsgiapp.big_write(environ, start_response)
    with open(query(environ)["file"] + ".new", "w") as file:
        file.write(str(rss_kib() - before))
    os.rename(file.name, query(environ)["file"])
    return []


def tokens(name):
    token = token_owner.set(name)
    try:
        while True:
            yield b"." * 65536
    finally:
        happened[name] += 1
        token_owner.reset(token)


class WithoutClose:
    def __init__(self, name):
        self.name = name

    def __iter__(self):
        return tokens(self.name)


def token_stream(environ, start_response):
    """Resets a context variable at its end, which only works in its context."""
    name = query(environ)["id"]
    start_response("200 OK", [])
    return {"generator": tokens, "no-close": WithoutClose}[name](name)


ROUTES = {
    "/count": count,
    "/descriptor": descriptor,
    "/nap": nap,
    "/hold": hold,
    "/endless": endless,
    "/terminate-child": terminate_child,
    "/runaway-child": runaway_child,
    "/child-with-an-end": child_with_an_end,
    "/drop-wakeup": drop_wakeup,
    "/inherited": inherited,
    "/empty-write": empty_write,
    "/write-to-nobody": write_to_nobody,
    "/measured-write": measured_write,
    "/token-stream": token_stream,
}


def app(environ, start_response):
    return ROUTES.get(environ["PATH_INFO"], wsgiapp.application)(environ, start_response)
