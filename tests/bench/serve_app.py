"""serve_app.py SERVER MODULE:NAME PORT WORKERS THREADS

Starts a WSGI server that has no command line, or none that says all of this."""

import importlib
import os
import sys

BACKLOG = 1024


def load(where):
    module, _, name = where.partition(":")
    return getattr(importlib.import_module(module), name)


def waitress(app, port, _workers, threads):
    import waitress as server

    server.serve(
        app, host="127.0.0.1", port=port, threads=threads, backlog=BACKLOG, connection_limit=2000
    )


def cheroot(app, port, _workers, threads):
    from cheroot.wsgi import Server

    Server(
        ("127.0.0.1", port), app, numthreads=threads, max=threads, request_queue_size=BACKLOG
    ).start()


def gevent(app, port, _workers, _threads):
    from gevent import pywsgi

    pywsgi.WSGIServer(("127.0.0.1", port), app, backlog=BACKLOG, log=None).serve_forever()


def bjoern(app, port, workers, _threads):
    import bjoern as server

    listening = server.bind_and_listen("127.0.0.1", port, listen_backlog=BACKLOG)
    for _ in range(workers - 1):
        if os.fork() == 0:
            break
    server.server_run(listening, app)


def fastpysgi(app, port, workers, _threads):
    import fastpysgi as server

    server.server.backlog = BACKLOG
    server.run(app, "127.0.0.1", port, workers=workers)


SERVERS = {start.__name__: start for start in (waitress, cheroot, gevent, bjoern, fastpysgi)}


def main(name, where, port, workers, threads):
    if name == "gevent":
        from gevent import monkey

        monkey.patch_all()
    # The folder of this file is no place for a server to import from.
    sys.path[0] = os.getcwd()
    SERVERS[name](load(where), int(port), int(workers), int(threads))


if __name__ == "__main__":
    main(*sys.argv[1:])
