"""The applications of wsgiapp, and what the process holds."""

import gc
import sys

import wsgiapp


def references(start_response):
    """All references in the process; only a debug build of Python counts them."""
    gc.collect()
    return wsgiapp.text(start_response, sys.gettotalrefcount())


def rss_kib(start_response):
    gc.collect()
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return wsgiapp.text(start_response, line.split()[1])


MEASURES = {"/references": references, "/rss": rss_kib}


def app(environ, start_response):
    measure = MEASURES.get(environ["PATH_INFO"])
    if measure:
        return measure(start_response)
    return wsgiapp.application(environ, start_response)
