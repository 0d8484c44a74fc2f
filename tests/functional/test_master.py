"""The master and its workers: signals, deaths, timeouts, recycling."""

import collections
import contextlib
import os
import re
import signal

import pytest

from support import processes
from support.rawhttp import request_bytes
from support.server import BINARY, free_port
from support.waiting import until

pytestmark = pytest.mark.master


@pytest.fixture
def four(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "4")
    server.wait_workers(4)
    return server


# Starting and stopping.


def test_start_lines(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "2")
    stamp = r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] "
    master, info = rf"\[{server.pid}\] ", r"\[INFO\] "
    assert server.in_log(
        stamp + master + info + rf"Starting {BINARY.name} \S+$",
        stamp + master + info + rf"Listening at: {server.url('')} \({server.pid}\)$",
        stamp + master + info + rf"Using worker: {backend}$",
    )
    for pid in server.wait_workers(2):
        server.wait_log(rf"{stamp}\[{pid}\] {info}Booting worker with pid: {pid}$")


def test_term_stops_everything(four):
    four.signal(signal.SIGTERM)
    assert four.wait_exit() == 0
    assert four.in_log(r"\[INFO\] Handling signal: term$", r"\[INFO\] Shutting down: Master$")


def test_worker_says_that_it_leaves(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    (pid,) = server.workers()
    server.stop()
    assert server.in_log(rf"\[{pid}\] \[INFO\] Worker exiting \(pid: {pid}\)$")


@pytest.mark.parametrize("name", ["INT", "QUIT"])
def test_quick_stop(four, name):
    four.signal(getattr(signal, f"SIG{name}"))
    assert four.wait_exit() == 0
    assert four.in_log(rf"Handling signal: {name.lower()}$", r"Shutting down: Master$")


def test_term_lets_a_request_finish(serve, backend, tmp_path):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    with server.connect() as client:
        client.send(request_bytes("GET", f"/slow?started={tmp_path}/started&file={tmp_path}/go"))
        until((tmp_path / "started").exists, "the request has started")
        server.signal(signal.SIGTERM)
        server.wait_log("Handling signal: term")
        (tmp_path / "go").touch()
        assert client.response().text == "slow"
        assert client.at_end()
    assert server.wait_exit() == 0


@pytest.mark.ucorn_only
def test_term_ends_a_request_that_does_not_finish(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--graceful-timeout", "1")
    with server.connect() as client:
        client.send(request_bytes("GET", "/hang"))
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0


@pytest.mark.ucorn_only
def test_idle_connections_do_not_delay_the_stop(serve, backend):
    """Longer than the deadline would be the graceful timeout here."""
    server = serve(
        "wsgiapp:app", "-k", backend, "-w", "2", "--keep-alive", "600", "--graceful-timeout", "600"
    )
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(10)]
        for client in clients:
            assert client.request("GET", "/").get("Connection") == "keep-alive"
        server.stop()
        assert all(client.at_end() for client in clients)


def test_listener_is_closed_after_the_stop(four):
    four.stop()
    with pytest.raises(ConnectionRefusedError):
        four.connect()


# The number of workers.


def test_ttin_and_ttou(four):
    before = four.workers()
    four.signal_and_wait(signal.SIGTTIN)
    five = four.wait_workers(5)
    assert set(before) < set(five)
    four.signal_and_wait(signal.SIGTTOU)
    left = four.wait_workers(4)
    assert set(left) < set(five)
    assert four.get("/").text == "hello"


def test_ttou_keeps_one(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "2")
    for expected in (1, 1):
        server.signal_and_wait(signal.SIGTTOU)
        server.wait_workers(expected)
    assert server.get("/").text == "hello"


def test_hup_replaces_all_workers(four):
    before = four.workers()
    four.signal(signal.SIGHUP)
    four.wait_workers(4, other_than=before)
    assert four.in_log(r"Handling signal: hup$", r"Hang up: Master$")
    assert int(four.get("/pid").text) not in before


def test_hup_reads_the_application_again(serve, backend, tmp_path):
    module = tmp_path / "changing.py"
    source = "def app(environ, start_response):\n start_response('200 OK', [])\n return [b'%s']\n"
    module.write_text(source % "before")
    server = serve("changing:app", "-k", backend, "-w", "2", cwd=tmp_path)
    assert server.get("/").text == "before"
    workers = server.workers()
    module.write_text(source % "afterwards")
    server.signal(signal.SIGHUP)
    server.wait_workers(2, other_than=workers)
    until(lambda: server.get("/").text == "afterwards", "the new application answers")


SAYS = "def app(environ, start_response):\n start_response('200 OK', [])\n return [b'%s']\n"


@pytest.fixture
def preloaded(serve, tmp_path):
    """Starts a server with these lines of configuration; gives it, and what has it read others."""
    file = tmp_path / "conf.py"
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(SAYS % name)

    def reload(server, *lines):
        file.write_text("\n".join(lines))
        before = server.workers()
        server.signal(signal.SIGHUP)
        return before

    def start(*lines):
        file.write_text("\n".join(lines))
        return serve(None, "-c", file, cwd=tmp_path), reload

    return start


@pytest.mark.parametrize("preload", ["True", "False"])
def test_hup_with_another_application(preloaded, preload):
    server, reload = preloaded("preload_app = True", "wsgi_app = 'one:app'")
    assert server.get("/").text == "one"
    before = reload(server, f"preload_app = {preload}", "wsgi_app = 'two:app'")
    server.wait_workers(1, other_than=before)
    assert server.get("/").text == "two"


def test_failed_hup_leaves_no_application(preloaded):
    server, reload = preloaded("wsgi_app = 'one:app'")
    reload(server, "wsgi_app = 'two:app'", "preload_app = True", "errorlog = '/nonexistent/x'")
    server.wait_log("The reload was given up")
    before = reload(server, "wsgi_app = 'one:app'")
    server.wait_workers(1, other_than=before)
    assert server.get("/").text == "one"


def test_failed_hup_keeps_the_preloaded_application(preloaded):
    start = ("wsgi_app = 'one:app'", "preload_app = True")
    server, reload = preloaded(*start)
    before = reload(server, "wsgi_app = 'two:app'", "preload_app = True", "errorlog = '/nonexistent/x'")
    server.wait_log("The reload was given up")
    os.kill(before[0], signal.SIGKILL)
    server.wait_workers(1, other_than=before)
    assert server.get("/").text == "one"


def test_raw_env_is_there_when_hup_preloads(preloaded, tmp_path):
    server, reload = preloaded("wsgi_app = 'one:app'")
    (tmp_path / "needs.py").write_text("import os\n" + SAYS % "%b" + "assert os.environ['NEEDED']\n")
    before = reload(
        server, "wsgi_app = 'needs:app'", "preload_app = True", "raw_env = ['NEEDED=yes']"
    )
    server.wait_workers(1, other_than=before)
    assert "Error" not in server.log


def test_reopened_logs(serve, backend, tmp_path):
    log, moved = tmp_path / "error.log", tmp_path / "error.log.1"
    args = ["-k", backend, "--error-logfile", log]
    server = serve("wsgiapp:app", *args, errorlog=log)
    assert server.stderr == ""
    log.rename(moved)
    server.signal(signal.SIGUSR1)
    until(log.exists, "the log file is made again")
    server.signal(signal.SIGTTIN)
    server.wait_log("Handling signal: ttin")
    assert "Handling signal: ttin" not in moved.read_text()


# Deaths.


def test_killed_worker_is_replaced(four):
    victim, *others = four.workers()
    os.kill(victim, signal.SIGKILL)
    workers = four.wait_workers(4, other_than=[victim])
    assert set(others) < set(workers)
    assert four.get("/").text == "hello"


@pytest.mark.ucorn_only
def test_killed_worker_is_reported(four):
    victim = four.workers()[0]
    os.kill(victim, signal.SIGKILL)
    four.wait_log(rf"\[ERROR\] Worker \(pid:{victim}\) was sent SIGKILL! Perhaps out of memory\?$")


def test_a_thousand_cuts(serve, backend):
    """Workers that die one after the other are all replaced."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "2")
    for _ in range(5):
        victim = int(server.get("/pid").text)
        os.kill(victim, signal.SIGKILL)
        server.wait_workers(2, other_than=[victim])


def test_workers_leave_when_the_master_is_killed(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", "-t", "4")
    server.wait_workers(2)
    server.signal(signal.SIGKILL)
    assert server.wait_exit() == -signal.SIGKILL
    server.wait_orphans_gone()


@pytest.mark.needs("main-thread")
def test_worker_that_hangs_is_replaced(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "-t", "2")
    (victim,) = server.wait_workers(1)
    with server.connect() as client:
        client.send(request_bytes("GET", "/hang"))
        server.wait_log(rf"\[CRITICAL\] WORKER TIMEOUT \(pid:{victim}\)")
        server.wait_workers(1, other_than=[victim])
    assert server.get("/").text == "hello"


def test_max_requests(serve, backend):
    """No request is lost between workers, and each worker answers ten at least."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--max-requests", "10", probe="/pid")
    pids = []

    def four_workers():
        pids.append(server.get("/pid").text)
        return len(set(pids)) == 4

    until(four_workers, "workers are replaced")
    # The fixture has asked the first worker, too, and the last one has only begun.
    counts = collections.Counter(pid for pid in pids if pid not in (pids[0], pids[-1]))
    assert min(counts.values()) >= 10, counts
    server.wait_log(r"Autorestarting worker after current request\.")


# Files and sockets.


def test_pidfile(serve, backend, tmp_path):
    pidfile = tmp_path / "pid"
    server = serve("wsgiapp:app", "-k", backend, "-p", pidfile)
    assert pidfile.read_text() == f"{server.pid}\n"
    server.stop()
    assert not pidfile.exists()


def test_pidfile_of_a_running_server(serve, tmp_path):
    pidfile = tmp_path / "pid"
    first = serve("wsgiapp:app", "-p", pidfile)
    second = serve("wsgiapp:app", "-p", pidfile, probe=None)
    assert second.wait_exit() == 1
    assert f"Already running on PID {first.pid}" in second.stderr
    assert pidfile.read_text() == f"{first.pid}\n"


def test_two_binds(serve, backend, tmp_path):
    port, path = free_port(), tmp_path / "socket"
    bind = [f"127.0.0.1:{port}", f"unix:{path}"]
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", bind=bind)
    assert server.get("/").text == "hello"
    assert server.in_log(rf"Listening at: http://127\.0\.0\.1:{port},unix:{path} \({server.pid}\)$")
    server.address = path
    assert server.get("/").text == "hello"
    server.stop()
    assert not path.exists()


def test_no_zombies_while_it_runs(four):
    before = four.workers()
    for pid in before:
        os.kill(pid, signal.SIGTERM)
    four.wait_workers(4, other_than=before)
    until(lambda: all(p.state != "Z" for p in processes.of_session(four.pid)), "no zombies")


# What is in the log when all is well.


def test_quiet_log(serve, backend):
    """Requests, good and bad, add nothing to the log at info level."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    before = server.log
    for target in ("/", "/stream?n=10&count=10", "/empty", "/size?n=1000000"):
        assert server.get(target).status == 200
    assert server.log == before
    server.stop()
    assert not re.search(r"\[(WARNING|ERROR|CRITICAL)\]|Traceback", server.log)


@pytest.mark.ucorn_only
def test_ctrl_c_is_quiet(serve, backend):
    """It reaches the worker from the terminal, and again from the master."""
    for _ in range(5):
        server = serve("wsgiapp:app", "-k", backend, "-w", 1)
        os.killpg(server.pid, signal.SIGINT)
        assert server.wait_exit() == 0
        assert "Traceback" not in server.log
        assert not re.search(r"\[(WARNING|ERROR|CRITICAL)\]", server.log), server.log
