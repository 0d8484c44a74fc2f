"""Signals that somebody sends to a worker, and a master that is gone."""

import os
import signal

import pytest

from support import processes
from support.rawhttp import request_bytes
from support.waiting import until

pytestmark = pytest.mark.master

HOOKS = """
def worker_int(worker): worker.log.info("worker_int %d", worker.pid)
def worker_abort(worker): worker.log.info("worker_abort %d", worker.pid)
"""

#: Code that waits for long, and says how it was ended.
WAITS = """
import os, sys, time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/wait":
        try:
            open("begun", "w").close()
            time.sleep(600)
        except BaseException as error:
            sys.stderr.write("ended by %r\\n" % error)
            raise
        finally:
            sys.stderr.write("finally\\n")
    start_response("200 OK", [("Content-Length", "0")])
    return []
"""


@pytest.fixture
def start(serve, backend, tmp_path):
    """start(*args): a server whose application waits; gives it with its worker."""

    def start(*args, **options):
        (tmp_path / "conf.py").write_text(HOOKS)
        (tmp_path / "waits.py").write_text(WAITS)
        command = ["-k", backend, "-c", "conf.py", *args]
        server = serve("waits:app", *command, cwd=tmp_path, **options)
        (worker,) = server.wait_workers(1)
        return server, worker

    return start


def wait_replaced(server, worker):
    server.wait_workers(1, other_than=[worker])
    until(lambda: processes.look(worker) is None, "the worker is gone")
    assert server.get("/").status == 200


def test_term_lets_it_leave(start):
    server, worker = start()
    os.kill(worker, signal.SIGTERM)
    wait_replaced(server, worker)
    server.wait_log(rf"\[{worker}\] \[INFO\] Worker exiting \(pid: {worker}\)$")
    assert "worker_int" not in server.log and "was sent" not in server.log


def test_term_lets_its_request_finish(serve, backend, tmp_path):
    server = serve("wsgiapp:app", "-k", backend)
    (worker,) = server.wait_workers(1)
    with server.connect() as client:
        client.send(request_bytes("GET", f"/slow?started={tmp_path}/started&file={tmp_path}/go"))
        until((tmp_path / "started").exists, "the request has started")
        os.kill(worker, signal.SIGTERM)
        (tmp_path / "go").touch()
        assert client.response().text == "slow"
        assert client.at_end()
    server.wait_workers(1, other_than=[worker])


@pytest.mark.parametrize("name", ["INT", "QUIT"])
def test_int_and_quit_call_the_hook(start, name):
    server, worker = start()
    os.kill(worker, signal.Signals[f"SIG{name}"])
    wait_replaced(server, worker)
    assert server.in_log(
        rf"\[{worker}\] \[INFO\] worker_int {worker}$", rf"Worker exiting \(pid: {worker}\)$"
    )


@pytest.mark.needs("main-thread")
@pytest.mark.parametrize("name, code", [("INT", 0), ("QUIT", 0), ("ABRT", 1)])
def test_code_that_runs_is_ended_by_an_exception(start, tmp_path, name, code):
    server, worker = start()
    with server.connect() as client:
        client.send(request_bytes("GET", "/wait"))
        until((tmp_path / "begun").exists, "the request has begun")
        os.kill(worker, signal.Signals[f"SIG{name}"])
        wait_replaced(server, worker)
    hook = "worker_abort" if name == "ABRT" else "worker_int"
    assert server.in_log(
        rf"{hook} {worker}$", rf"^ended by SystemExit\({code}\)$", "^finally$", "Worker exiting"
    )


@pytest.mark.needs("main-thread")
@pytest.mark.ucorn_only  # and gunicorn 26, whose worker exits with 0 then
def test_client_of_an_aborted_worker_gets_an_answer(start, tmp_path):
    server, worker = start()
    with server.connect() as client:
        client.send(request_bytes("GET", "/wait"))
        until((tmp_path / "begun").exists, "the request has begun")
        os.kill(worker, signal.SIGABRT)
        assert client.response().status == 500
        assert client.at_end()
    assert server.in_log(r"\[ERROR\] Error handling request GET /wait$", "^SystemExit: 1$")
    server.wait_log(rf"\[ERROR\] Worker \(pid:{worker}\) exited with code 1\.$")


@pytest.mark.ucorn_only  # and gunicorn 26, which logs it
def test_abort_of_one_that_waits(start):
    server, worker = start()
    os.kill(worker, signal.SIGABRT)
    wait_replaced(server, worker)
    assert server.in_log(
        rf"worker_abort {worker}$", rf"Worker \(pid:{worker}\) exited with code 1\.$"
    )


DEADLY_TO_GUNICORN = [pytest.param(name, marks=pytest.mark.ucorn_only) for name in ("HUP", "USR2")]


@pytest.mark.parametrize("name", ["WINCH", "TTIN", "TTOU", *DEADLY_TO_GUNICORN])
def test_what_is_meant_for_the_master_does_nothing(start, name):
    server, worker = start()
    before = server.log
    for _ in range(2):
        os.kill(worker, signal.Signals[f"SIG{name}"])
        assert server.get("/").status == 200
    assert server.workers() == [worker]
    assert processes.look(worker).state != "T"
    assert server.log == before


def holds(pid, path):
    """Whether the process has that very file open."""
    status = path.stat()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            there = os.stat(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            continue
        if (there.st_dev, there.st_ino) == (status.st_dev, status.st_ino):
            return True
    return False


def test_usr1_reopens_its_files(start, tmp_path):
    log, moved = tmp_path / "access", tmp_path / "access.1"
    server, worker = start("--access-logfile", log)
    log.rename(moved)
    os.kill(worker, signal.SIGUSR1)
    until(lambda: log.exists() and holds(worker, log), "the worker has the new file")
    assert not holds(worker, moved)
    assert holds(server.pid, moved), "the master was not told"
    server.signal(signal.SIGUSR1)
    until(lambda: not holds(server.pid, moved), "now it was")


def test_usr1_to_the_master_reaches_all_workers(serve, backend, tmp_path):
    log, moved = tmp_path / "access", tmp_path / "access.1"
    server = serve("wsgiapp:app", "-k", backend, "-w", "3", "--access-logfile", log)
    pids = [server.pid, *server.wait_workers(3)]
    until(lambda: all(holds(pid, log) for pid in pids), "all have it open")
    log.rename(moved)
    server.signal_and_wait(signal.SIGUSR1)
    until(lambda: log.exists() and all(holds(pid, log) for pid in pids), "all have the new one")
    until(lambda: not any(holds(pid, moved) for pid in pids), "and none the old one")


@pytest.mark.ucorn_only  # gunicorn's sync worker looks after timeout / 2 only
def test_a_worker_sees_that_its_master_has_gone(start):
    """Within a second, whatever timeout says."""
    server, worker = start("-t", "600")
    server.signal(signal.SIGKILL)
    server.wait_exit()
    server.wait_log(rf"\[{worker}\] \[INFO\] Parent changed, shutting down: <Worker {worker}>$")
    server.wait_orphans_gone()
