"""Calls an application without a server, when imported: APPLICATION, a module of this folder,
CALLS times."""

import importlib
import io
import os
import sys

app = importlib.import_module(os.environ["APPLICATION"]).app

#: What frameworks look at.
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "127.0.0.1",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": False,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


def start_response(_status, _headers, _exc_info=None):
    pass


for _ in range(int(os.environ["CALLS"])):
    body = app(dict(ENVIRON), start_response)
    for _piece in body:
        pass
    if hasattr(body, "close"):
        body.close()
