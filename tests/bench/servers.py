"""The servers, how each is started, and which of them are there."""

import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APPS = HERE / "apps"
BUILD = ROOT / "build/release"
VENV = ROOT / "build/bench-venv"

#: What a command may have in braces, besides port, app, workers and threads.
PLACES = {
    "ucorn": BUILD / "ucorn",
    "limit": BUILD / "tests/limit",
    "echo": BUILD / "tests/echo_server",
    "serve": f"{sys.executable} {HERE / 'serve_app.py'}",
    "venv": VENV / "bin",
    "venv_serve": f"{VENV / 'bin/python3'} {HERE / 'serve_app.py'}",
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
    needs: str = ""  # a program, a module of Debian's, or NAME of the virtual environment: venv:NAME
    python: bool = True  # False: it has an answer of its own, of 13 bytes
    concurrent: bool = False  # a worker has several requests in hand
    workers: bool = True  # it can have more than one
    target: str = ""  # what to ask instead


SERVERS = {
    "limit": Server("{limit} {port} {workers}", str(PLACES["limit"]), python=False),
    "echo": Server("{echo} {port}", str(PLACES["echo"]), python=False, workers=False,
                   target="/fixed"),
    "ucorn": Server(UCORN + "{app}", str(PLACES["ucorn"])),
    "ucorn-gthread": Server(UCORN + "-k gthread --threads {threads} {app}", str(PLACES["ucorn"]),
                            concurrent=True),
    "ucorn-event": Server(UCORN + "-k event {app}", str(PLACES["ucorn"])),
    "ucorn-gevent": Server(UCORN + "-k gevent {app}", "gevent", concurrent=True),
    "gunicorn": Server(GUNICORN + "{app}", "gunicorn"),
    "gunicorn-gthread": Server(GUNICORN + "-k gthread --threads {threads} {app}", "gunicorn",
                               concurrent=True),
    "gunicorn-gevent": Server(GUNICORN + "-k gevent {app}", "gunicorn", concurrent=True),
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
    "waitress": Server("{serve} waitress {app} {port} {workers} {threads}", "waitress",
                       concurrent=True, workers=False),
    "cheroot": Server("{serve} cheroot {app} {port} {workers} {threads}", "cheroot",
                      concurrent=True, workers=False),
    "gevent-pywsgi": Server("{serve} gevent {app} {port} {workers} {threads}", "gevent",
                            concurrent=True, workers=False),
    "bjoern": Server("{venv_serve} bjoern {app} {port} {workers} {threads}", "venv:bjoern"),
    "fastpysgi": Server("{venv_serve} fastpysgi {app} {port} {workers} {threads}",
                        "venv:fastpysgi"),
    "granian": Server("{venv}/granian --interface wsgi --host 127.0.0.1 --port {port}"
                      " --workers {workers} --blocking-threads {threads} --backlog 1024"
                      " --log-level error {app}", "venv:granian", concurrent=True),
}  # fmt: skip

#: Prints what the interpreter that runs it has installed in its own prefix.
LIST_DISTRIBUTIONS = """
import importlib.metadata as m, json, sys
print(json.dumps({d.metadata["Name"].lower(): d.version for d in m.distributions()
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


def is_there(server, in_venv):
    kind, _, name = server.needs.rpartition(":")
    if kind == "venv":
        return name in in_venv
    return bool(shutil.which(name) or ("/" not in name and importlib.util.find_spec(name)))


def available():
    """The names of the servers that can be started."""
    in_venv = distributions(VENV / "bin/python3")
    return [name for name, server in SERVERS.items() if is_there(server, in_venv)]


def first_line(*command):
    """What a program says first; "" if it cannot be started."""
    try:
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError:
        return ""
    return ended.stdout.strip().partition("\n")[0]


def versions():
    """{what: version} of what takes part; new-gunicorn is the virtual environment's."""
    in_venv = distributions(VENV / "bin/python3")
    found = {name: in_venv[name] for name in ("bjoern", "fastpysgi", "granian") if name in in_venv}
    if "gunicorn" in in_venv:
        found["new-gunicorn"] = in_venv["gunicorn"]
    debian = distributions(sys.executable)
    for name in ("gunicorn", "waitress", "cheroot", "gevent", "flask", "django"):
        if name in debian:
            found[name] = debian[name]
    found["ucorn"] = first_line(PLACES["ucorn"], "--version").rpartition(" ")[2].strip("()")
    found["uwsgi"] = first_line("uwsgi_python3", "--version")
    found["wrk"] = first_line("wrk", "--version").partition(" [")[0].removeprefix("wrk ")
    return {name: version for name, version in found.items() if version}


def command_of(server, port, workload):
    """The words that start it."""
    text = server.command.format(
        port=port, app=f"{workload.app}:app", workers=workload.workers, threads=workload.threads,
        **PLACES,
    )  # fmt: skip
    return text.split()
