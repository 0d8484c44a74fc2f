"""Waits 10 ms, as for a database."""

import time

from hello import BODY, FIELDS


def app(environ, start_response):
    time.sleep(0.01)
    start_response("200 OK", FIELDS)
    return [BODY]
