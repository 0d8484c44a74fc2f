"""The servers, how each is started, and which of them are there."""

import json
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APPS = HERE / "apps"
BUILD = ROOT / "build/release"
VENV = ROOT / "build/bench-venv"

#: The interpreter of all servers: ucorn runs in it, uWSGI embeds it, the virtual environment is one of it.
PYTHON = "/usr/bin/python3"
VENV_PYTHON = VENV / "bin/python3"

#: What a command may have in braces, besides port, app, workers and threads.
PLACES = {
    "ucorn": BUILD / "ucorn",
    "limit": BUILD / "tests/limit",
    "echo": BUILD / "tests/echo_server",
    "serve": f"{PYTHON} {HERE / 'serve_app.py'}",
    "venv": VENV / "bin",
    "venv_serve": f"{VENV_PYTHON} {HERE / 'serve_app.py'}",
}

UCORN = "{ucorn} -b 127.0.0.1:{port} -w {workers} --log-level error "
GUNICORN = "gunicorn -b 127.0.0.1:{port} -w {workers} --log-level error "
UWSGI = (
    "uwsgi_python3 --master --processes {workers} --module {app} --need-app --disable-logging"
    " --listen 1024 --die-on-term "
)


@dataclass(frozen=True)
class Server:
    command: str
    needs: str = ""  # a program; or debian:NAME or venv:NAME, a distribution installed there
    python: bool = True  # False: it has an answer of its own, of 13 bytes
    concurrent: bool = False  # a worker has several requests in hand
    workers: bool = True  # it can have more than one
    target: str = ""  # what to ask instead
    #: Its way to stop that costs the same each time.  ucorn's graceful one reads the kernel's
    #: table of connections, whose length is everybody's doing.
    stop: signal.Signals = signal.SIGTERM


SERVERS = {
    "limit": Server("{limit} {port} {workers}", str(PLACES["limit"]), python=False),
    "echo": Server("{echo} {port}", str(PLACES["echo"]), python=False, workers=False,
                   target="/fixed"),
    "ucorn": Server(UCORN + "{app}", str(PLACES["ucorn"]), stop=signal.SIGQUIT),
    "ucorn-gthread": Server(UCORN + "-k gthread --threads {threads} {app}", str(PLACES["ucorn"]),
                            concurrent=True, stop=signal.SIGQUIT),
    "ucorn-event": Server(UCORN + "-k event {app}", str(PLACES["ucorn"]), stop=signal.SIGQUIT),
    #: Where it cannot be python3 itself.
    "ucorn-library": Server("env UCORN_PYTHON=library " + UCORN + "{app}", str(PLACES["ucorn"]),
                            stop=signal.SIGQUIT),  # fmt: skip
    "ucorn-gevent": Server(UCORN + "-k gevent {app}", "debian:gevent", concurrent=True,
                           stop=signal.SIGQUIT),
    "gunicorn": Server(GUNICORN + "{app}", "debian:gunicorn"),
    "gunicorn-gthread": Server(GUNICORN + "-k gthread --threads {threads} {app}", "debian:gunicorn",
                               concurrent=True),
    "gunicorn-gevent": Server(GUNICORN + "-k gevent {app}", "debian:gunicorn", concurrent=True),
    "new-gunicorn": Server("{venv}/" + GUNICORN + "{app}", "venv:gunicorn"),
    "new-gunicorn-gthread": Server("{venv}/" + GUNICORN + "-k gthread --threads {threads} {app}",
                                   "venv:gunicorn", concurrent=True),
    "uwsgi": Server(UWSGI + "--http-socket 127.0.0.1:{port}", "uwsgi_python3"),
    "uwsgi-threads": Server(UWSGI + "--http-socket 127.0.0.1:{port} --threads {threads}",
                            "uwsgi_python3", concurrent=True),
    "uwsgi-http11": Server(UWSGI + "--http11-socket 127.0.0.1:{port} --threads {threads}",
                           "uwsgi_python3", concurrent=True),
    "uwsgi-router": Server(UWSGI + "--plugin http --http 127.0.0.1:{port} --http-keepalive",
                           "uwsgi_python3"),
    "waitress": Server("{serve} waitress {app} {port} {workers} {threads}", "debian:waitress",
                       concurrent=True, workers=False),
    "cheroot": Server("{serve} cheroot {app} {port} {workers} {threads}", "debian:cheroot",
                      concurrent=True, workers=False),
    "gevent-pywsgi": Server("{serve} gevent {app} {port} {workers} {threads}", "debian:gevent",
                            concurrent=True, workers=False),
    "bjoern": Server("{venv_serve} bjoern {app} {port} {workers} {threads}", "venv:bjoern"),
    "fastpysgi": Server("{venv_serve} fastpysgi {app} {port} {workers} {threads}",
                        "venv:fastpysgi"),
    "granian": Server("{venv}/granian --interface wsgi --host 127.0.0.1 --port {port}"
                      " --workers {workers} --blocking-threads {threads} --backlog 1024"
                      " --log-level error {app}", "venv:granian", concurrent=True),
}  # fmt: skip

#: Prints what the interpreter that runs it has installed below its own prefix.
LIST_DISTRIBUTIONS = """
import importlib.metadata as m, json, sys
print(json.dumps({d.metadata["Name"].lower(): d.version for d in reversed(list(m.distributions()))
                  if str(d.locate_file("")).startswith(sys.prefix)}))
"""


def distributions(python):
    """{name: version}; empty if there is no such interpreter."""
    if not Path(python).exists():
        return {}
    listed = subprocess.run(
        [python, "-c", LIST_DISTRIBUTIONS], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(listed.stdout)


def installed():
    return {"debian": distributions(PYTHON), "venv": distributions(VENV_PYTHON)}


def available():
    """The names of the servers that can be started."""

    def is_there(server):
        kind, _, name = server.needs.rpartition(":")
        return name in found[kind] if kind else shutil.which(name)

    found = installed()
    return [name for name, server in SERVERS.items() if is_there(server)]


def says(*command):
    """The last line that a program writes to stdout; "" if it cannot be started."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (ended.stdout.strip().splitlines() or [""])[-1]


def versions():
    """{what: version} of what takes part; new-gunicorn is the virtual environment's."""
    found = installed()
    debian = ("gunicorn", "waitress", "cheroot", "gevent", "flask", "django")
    venv = {"bjoern": "bjoern", "fastpysgi": "fastpysgi", "granian": "granian",
            "gunicorn": "new-gunicorn"}  # fmt: skip
    return {
        "ucorn": re.sub(r".*version |\)", "", says(PLACES["ucorn"], "--version")),
        **{name: found["debian"][name] for name in debian if name in found["debian"]},
        **{shown: found["venv"][name] for name, shown in venv.items() if name in found["venv"]},
        "uwsgi": says("uwsgi_python3", "--version"),
    }


def command_of(server, port, workload):
    """The words that start it."""
    text = server.command.format(
        port=port, app=f"{workload.app}:app", workers=workload.workers, threads=workload.threads,
        **PLACES,
    )  # fmt: skip
    return text.split()
