"""Configurations as teams have them, unchanged, through `ucorn -c`: see configs/."""

import importlib.util
import json
import os
import re
import signal
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from support.server import free_port
from support.waiting import DEADLINE, until

CONFIGS = Path(__file__).with_name("configs")


@pytest.fixture
def configured(serve, backend):
    """configured(name, app, *args): a server with that file of configs/."""

    def start(name, app, *args, **options):
        return serve(app, "-c", CONFIGS / name, "-k", backend, *args, **options)

    return start


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


# All settings and hooks of the documentation.


class Notes:
    def __init__(self, path):
        self.path = path
        path.touch()

    def __call__(self):
        return self.path.read_text().splitlines()

    def wait(self, *lines):
        until(lambda: set(lines) <= set(self()), f"hooks have noted {lines}: {self()}")


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path / "notes")


def test_documented(configured, notes):
    server = configured("documented.py", "wsgiapp:app", env={"NOTES": str(notes.path)})
    notes.wait("post_worker_init 1", "post_worker_init 2")
    assert notes()[:3] == ["nworkers_changed None 2", "on_starting", "when_ready"]
    assert server.get("/variable?name=SPAM").text == "eggs"
    notes.wait("post_request True /variable 200")
    server.wait_stdout(r'^127\.0\.0\.1 - - \[.+\] "GET /variable\?name=SPAM HTTP/1\.1" 200 4 "-"')
    assert server.in_log(r"Server is ready\. Spawning workers$", r"Worker spawned \(pid: \d+\)$")

    server.signal(signal.SIGHUP)
    notes.wait("on_reload", "post_worker_init 4", "child_exit 1", "child_exit 2")
    assert server.get("/").text == "hello"
    server.stop()
    notes.wait("worker_exit 3", "worker_exit 4", "child_exit 3", "child_exit 4")
    assert notes()[-1] == "on_exit"
    assert notes().count("on_starting") == notes().count("when_ready") == 1


def test_documented_interrupted(configured, notes):
    server = configured("documented.py", "wsgiapp:app", env={"NOTES": str(notes.path)})
    notes.wait("post_worker_init 1", "post_worker_init 2")
    assert server.get("/").text == "hello"
    os.kill(server.workers()[0], signal.SIGINT)
    is_noted = re.compile(r"worker_int [12] True")
    until(lambda: any(map(is_noted.fullmatch, notes())), "worker_int is noted")
    server.wait_log("worker received INT or QUIT signal$")
    notes.wait("post_worker_init 3")


# Logging.


def test_json_log(configured):
    server = configured("jsonlog.py", "wsgiapp:app", probe=None)
    messages = []

    def has_booted():
        messages[:] = json_lines(server.stderr)
        return any(line["message"].startswith("Booting worker") for line in messages)

    until(has_booted, "a worker boots")
    assert {line["logger"] for line in messages} == {"gunicorn.error"}
    fields = [("X-Request-Id", "id-1"), ("User-Agent", 'an "agent"'), ("Connection", "close")]
    with server.connect() as client:
        client.request("GET", "/field?Content-Type=text/x", fields=fields)
    server.wait_stdout("/field")
    (line,) = json_lines(server.stdout)
    at, time, took, pid = (line.pop(name) for name in ("at", "time", "took_ms", "pid"))
    assert line == {
        "logger": "gunicorn.access", "remote_ip": "127.0.0.1", "method": "GET",
        "path": "/field?Content-Type=text/x", "status": "200", "bytes": 5,
        "user_agent": 'an \\"agent\\"', "referer": "-", "request_id": "id-1", "type": "text/x",
    }  # fmt: skip
    assert time.startswith(at[:10])
    assert 0 <= took < 1000 * DEADLINE
    assert pid == f"<{server.workers()[0]}>"

    assert server.get("/boom").status == 500
    server.wait_log("boom was asked for")
    (error,) = (line for line in json_lines(server.stderr) if line["level"] == "ERROR")
    assert re.fullmatch("Error handling request (GET )?/boom", error["message"])
    assert error["exception"].endswith("RuntimeError: boom was asked for")


def test_custom_logger(configured):
    server = configured("customlogger.py", "wsgiapp:app", probe="/healthz")
    assert server.get("/?x=1", [("X-Tenant", "ann")]).text == "hello"
    server.get("/healthz")
    server.get("/boom")
    server.wait_stdout("/boom")
    assert server.stdout.splitlines() == [
        'ANN "GET /?x=1 HTTP/1.1" 200 5',
        f'NOBODY "GET /boom HTTP/1.1" 500 {server.stdout.split()[-1]}',
    ]
    assert server.in_log(
        r"\[INFO\] the logger is CustomLogger$",
        r"\[INFO\] access\(\): GET 200 OK, 1 left out$",
        r"\[INFO\] access\(\): GET 500 Internal Server Error, 2 left out$",
    )
    assert "heartbeat" not in server.log


# Metrics.


@pytest.mark.skipif(not importlib.util.find_spec("prometheus_client"),
                    reason="needs python3-prometheus-client")
def test_prometheus(configured, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "gauge_livesum_1.db").touch()  # of an earlier run: on_starting removes it
    port = free_port()
    env = {"PROMETHEUS_MULTIPROC_DIR": str(folder), "METRICS_PORT": str(port)}
    # What a daemon thread holds when the process ends is never freed.
    env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    server = configured("prometheus.py", "promapp:app", env=env, probe="/probe")
    opener = build_opener(ProxyHandler({}))

    def metric(name):
        """What the thread of the master says."""
        try:
            answer = opener.open(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE)
        except HTTPError:  # of the library: a worker that boots has not filled its file yet
            return None
        text = answer.read().decode()
        match = re.search(rf"^{re.escape(name)} (.+)$", text, re.M)
        return match and float(match[1])

    until(lambda: metric("app_live_workers") == 2, "both workers have told")
    assert not (folder / "gauge_livesum_1.db").exists()
    for _ in range(20):
        assert server.get("/page").status == 200
    assert metric('app_requests_total{path="/page"}') == 20

    killed, other = server.workers()
    os.kill(killed, signal.SIGKILL)
    (added,) = set(server.wait_workers(2, other_than=[killed])) - {other}
    until(lambda: not (folder / f"gauge_livesum_{killed}.db").exists(), "its gauge is removed")
    until(lambda: metric("app_live_workers") == 2, "the new worker has told")
    assert metric('app_requests_total{path="/page"}') == 20

    server.signal(signal.SIGHUP)
    server.wait_workers(2, other_than=[other, added])
    until(lambda: metric("app_live_workers") == 2, "both new workers have told")
    assert metric('app_requests_total{path="/page"}') == 20


# Containers.


def test_environment(configured):
    env = {
        "APP_WORKERS": "3", "APP_KEEP_ALIVE": "75", "APP_NAME": "shop", "APP_PRELOAD": "yes",
        "ENV_REGION": "north", "APP_LOG_LEVEL": "DEBUG", "APP_BIND": "127.0.0.1:1",
    }  # fmt: skip
    server = configured("environment.py", "wsgiapp:app", env=env)
    server.wait_workers(3)
    first = json.loads(server.stdout.splitlines()[0])
    assert first == {"workers": 3, "bind": "127.0.0.1:1", "loglevel": "DEBUG"}
    assert server.get("/variable?name=REGION").text == "north"
    assert int(server.get("/imported-by").text) == server.pid
    assert "[DEBUG]" in server.log
    server.wait_stdout(r'"GET /imported-by HTTP/1\.1" 200')
    assert "[shop]" in Path(f"/proc/{server.pid}/cmdline").read_text()


def test_environment_defaults(configured):
    env = {"APP_MAX_WORKERS": "1", "APP_ACCESS_LOG": ""}
    server = configured("environment.py", "wsgiapp:app", env=env)
    server.wait_workers(1)
    assert server.get("/").text == "hello"
    assert server.stdout.count("\n") == 1
