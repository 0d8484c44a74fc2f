"""Requests that meet each other, and what their threads keep."""

import contextvars
import os
import threading
import time
from urllib.parse import parse_qs

from latch import wait_for_file

PARTIES = 4
barrier = threading.Barrier(PARTIES)
local = threading.local()
variable = contextvars.ContextVar("variable", default=0)
ran = []


def who(query):
    """The thread, how often it was here, by its two memories, and whether they are its own."""
    local.count = getattr(local, "count", 0) + 1
    variable.set(variable.get() + 1)
    return f"{threading.current_thread().name} {local.count} {variable.get()}"


def meet(query):
    """Returns when as many as PARTIES requests run at the same time."""
    barrier.wait(30)
    return threading.current_thread().name


def hold(query):
    ran.append("hold")
    if "begun" in query:
        open(query["begun"], "w").close()
    wait_for_file(query["file"])
    return "held"


def run(query):
    ran.append("run")
    return "run"


def pid(query):
    return str(os.getpid())


def runs(query):
    return str(ran.count(query["what"]))


def sleep(query):
    ran.append("sleep")
    time.sleep(3600)


def leave_behind(query):
    """A thread that is still at work when its request is over."""

    def work():
        time.sleep(0.5)
        open(query["file"], "w").close()

    threading.Thread(target=work).start()
    return "left"


def spin(query):
    while True:
        ran.append("spin")
        ran.pop()


def app(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    text = globals()[environ["PATH_INFO"].strip("/") or "run"](query)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
