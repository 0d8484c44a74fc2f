"""An application that gets into trouble, in the way that PATH_INFO names."""

import contextlib
import ctypes
import os
import re
import threading
import time

from latch import wait_for_file

hoard = []

#: Where a boot is to hang until there is that file.
if "BOOT_WAITS_FOR" in os.environ and not os.path.exists(os.environ["BOOT_WAITS_FOR"]):
    wait_for_file(os.environ["BOOT_WAITS_FOR"])


time.sleep(float(os.environ.get("BOOT_TAKES", "0")))


def sleep(environ):
    time.sleep(3600)


def spin_in_c(environ):
    """Holds the GIL, and returns to no bytecode, for ever."""
    re.match(r"(a+)+$", "a" * 50 + "b")


def beside_a_thread(environ):
    threading.Thread(target=the_other_thread, daemon=True).start()
    time.sleep(3600)


def the_other_thread():
    time.sleep(3600)


def crash(environ):
    ctypes.string_at(0)


def eat(environ):
    hoard.append(b"x" * (64 << 20))


def wait_in_read(environ):
    with contextlib.suppress(OSError):
        environ["wsgi.input"].read()


def app(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if name == "wait_in_write":
        write = start_response("200 OK", [])
        while True:
            write(b"x" * 65536)
    if name == "trickle":
        start_response("200 OK", [])
        return trickle()
    if name and name != "pid":
        globals()[name](environ)
    body = b"%d" % os.getpid()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def trickle():
    """A response without an end that gives others their turn."""
    while True:
        time.sleep(0.01)
        yield b"."
