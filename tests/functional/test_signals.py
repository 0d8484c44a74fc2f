"""Signals to the master: one after the other while it stops, and what a reload changes."""

import os
import re
import signal
import subprocess
import time

import pytest

from support import processes
from support.rawhttp import request_bytes
from support.server import IS_UCORN, free_port
from support.waiting import until

pytestmark = pytest.mark.master

#: Longer than any test waits.
FOREVER = ["--graceful-timeout", "600"]


# While it stops.


@pytest.mark.ucorn_only  # and gunicorn 26
@pytest.mark.parametrize("first, second", [("TERM", "INT"), ("TERM", "QUIT"), ("INT", "INT")])
def test_a_second_signal_makes_it_quick(serve, first, second):
    server = serve("wsgiapp:app", *FOREVER)
    (worker,) = server.wait_workers(1)
    with processes.stopped(worker):
        server.signal_and_wait(signal.Signals[f"SIG{first}"])
        before = time.monotonic()
        server.signal(signal.Signals[f"SIG{second}"])
        assert server.wait_exit() == 0
        took = time.monotonic() - before
    assert 1.5 < took, "the worker has two seconds"
    assert server.in_log(
        rf"Handling signal: {first.lower()}$",
        rf"Handling signal: {second.lower()}$",
        r"\[INFO\] Quick shutdown requested$",
        rf"Worker \(pid:{worker}\) was sent SIGKILL!",
        r"Shutting down: Master$",
    )


@pytest.mark.ucorn_only  # and gunicorn 26
def test_a_second_signal_ends_a_request(serve, backend, tmp_path):
    """The workers get QUIT, which ends Python code."""
    server = serve("wsgiapp:app", "-k", backend, *FOREVER)
    with server.connect() as client:
        client.send(request_bytes("GET", f"/slow?started={tmp_path}/on&file={tmp_path}/never"))
        until((tmp_path / "on").exists, "the request has started")
        server.signal_and_wait(signal.SIGTERM)
        server.signal(signal.SIGQUIT)
        assert server.wait_exit() == 0
    assert "SIGKILL" not in server.log


@pytest.mark.parametrize("name", ["TERM", "QUIT"])
def test_workers_that_do_not_leave_are_killed(serve, name):
    """Also by a quick stop after graceful_timeout only."""
    server = serve("wsgiapp:app", "--graceful-timeout", "1")
    (worker,) = server.wait_workers(1)
    before = time.monotonic()
    with processes.stopped(worker):
        server.signal(signal.Signals[f"SIG{name}"])
        assert server.wait_exit() == 0
    assert time.monotonic() - before > 0.9
    server.wait_orphans_gone()


@pytest.mark.parametrize("name", ["INT", "QUIT"])
def test_quick_stop_ends_an_import(serve, tmp_path, name):
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nopen('begun', 'w').close()\ntime.sleep(600)\n"
    )
    server = serve("slow_to_import:app", *FOREVER, cwd=tmp_path, probe=None)
    until((tmp_path / "begun").exists, "the import has begun")
    server.signal(signal.Signals[f"SIG{name}"])
    assert server.wait_exit() == 0
    assert "SIGKILL" not in server.log


@pytest.mark.ucorn_only
@pytest.mark.parametrize("name", ["TERM", "HUP", "TTIN", "USR2", "WINCH"])
def test_what_means_nothing_to_one_that_stops(serve, name):
    server = serve("wsgiapp:app", *FOREVER)
    (worker,) = server.wait_workers(1)
    with processes.stopped(worker):
        server.signal_and_wait(signal.SIGTERM)
        before = server.log
        server.signal(signal.Signals[f"SIG{name}"])
        server.signal_and_wait(signal.SIGUSR1)  # which it takes, afterwards
        log = server.log.replace(before, "", 1)
        assert re.findall(r"Handling signal: \w+", log) == ["Handling signal: usr1"]
    assert server.wait_exit() == 0


# The number of workers.


def test_a_reload_forgets_ttin(serve):
    server = serve("wsgiapp:app", "-w", "2")
    for count in (3, 4):
        server.signal_and_wait(signal.SIGTTIN)
        before = server.wait_workers(count)
    server.signal(signal.SIGHUP)
    server.wait_workers(2, other_than=before)


def test_winch_is_for_daemons(serve):
    """A terminal sends it, too."""
    server = serve("wsgiapp:app", "--log-level", "debug")
    before = server.wait_workers(1)
    server.signal(signal.SIGWINCH)
    server.wait_log(r"\[DEBUG\] SIGWINCH ignored\. Not daemonized$")
    assert server.workers() == before


def test_changes_of_the_number_are_told(serve):
    server = serve("wsgiapp:app", "--log-level", "debug")
    server.wait_log(r"\[DEBUG\] 1 workers$")
    server.signal(signal.SIGTTIN)
    server.wait_log(r"\[DEBUG\] 2 workers$")


@pytest.mark.ucorn_only
@pytest.mark.parametrize("name", ["HUP", "TTOU"])
def test_one_that_should_go_and_does_not_is_killed(serve, name):
    """gunicorn leaves it to timeout."""
    server = serve("wsgiapp:app", "-w", "2", "-t", "0", "--graceful-timeout", "1")
    first, second = server.wait_workers(2)
    # One that still boots would go before the oldest.
    for pid in (first, second):
        until(lambda: server.get("/pid").text == str(pid), f"{pid} serves")
    with processes.stopped(first):
        server.signal(signal.Signals[f"SIG{name}"])
        server.wait_log(
            rf"\[WARNING\] Worker \(pid:{first}\) was sent SIGKILL! It had not left within "
            r"graceful_timeout\.$"
        )
    assert server.get("/").text == "hello"


# What a reload changes.


@pytest.fixture
def configured(serve, tmp_path):
    """configured(text) starts a server; gives it, and what has it read another text."""
    config = tmp_path / "conf.py"

    def start(text, *args, **options):
        config.write_text(text)
        server = serve("wsgiapp:app", "-c", config, *args, **options)

        def change(text):
            before = server.workers()
            config.write_text(text)
            server.signal_and_wait(signal.SIGHUP)
            server.wait_workers(1, other_than=before)

        return server, change

    return start


def test_reload_moves_the_pidfile(configured, tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    server, change = configured(f"pidfile = {str(old)!r}")
    change(f"pidfile = {str(new)!r}")
    assert new.read_text() == f"{server.pid}\n" and not old.exists()
    new.unlink()
    change(f"pidfile = {str(new)!r}")
    assert new.read_text() == f"{server.pid}\n", "it is written again"
    server.stop()
    assert not new.exists()


def test_reload_reopens_log_files(configured, tmp_path):
    log, moved = tmp_path / "log", tmp_path / "log.1"
    server, change = configured(f"errorlog = {str(log)!r}", errorlog=log)
    log.rename(moved)
    before = server.workers()
    server.signal(signal.SIGHUP)
    server.wait_workers(1, other_than=before)
    server.wait_log(r"Booting worker")
    assert "Booting worker" in moved.read_text()


@pytest.mark.ucorn_only
def test_reload_tells_other_addresses(configured):
    first, second = free_port(), free_port()
    server, change = configured(f"bind = '127.0.0.1:{first}'", bind=[], probe=None)
    server.wait_workers(1)
    change(f"bind = '127.0.0.1:{second}'")
    server.wait_log(rf"\[INFO\] Listening at: http://127\.0\.0\.1:{second}$")
    server.address = ("127.0.0.1", second)
    assert server.get("/").text == "hello"
    change(f"bind = '127.0.0.1:{second}'")
    assert server.log.count("Listening at") == 2


@pytest.mark.ucorn_only
def test_reload_takes_another_class_of_workers(configured):
    server, change = configured("worker_class = 'sync'")
    change("worker_class = 'event'")
    assert '"wsgi.multithread": false' in server.get("/environ").text
    assert server.get("/").text == "hello"


# Children of others.


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a namespace of processes")
def test_process_1_reaps_strangers(serve, tmp_path):
    """Those that the processes in its container have left behind come to it."""
    under = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*under, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespace of processes here")
    (tmp_path / "leaves.py").write_text(
        "import subprocess\n"
        "def app(environ, start_response):\n"
        "    subprocess.run(['sh', '-c', 'sleep 0 & :'], check=True)\n"
        "    start_response('200 OK', [])\n    return [b'']\n"
    )
    server = serve(
        "leaves:app", "--log-level", "debug", under=under, cwd=tmp_path, probe=None
    )
    (master,) = until(
        lambda: processes.children(server.pid, server.session), "the master is there"
    )
    server.wait_answer()
    assert server.get("/").status == 200
    if IS_UCORN:
        server.wait_log(r"\[DEBUG\] Reaped unknown child process \(pid:\d+, status:0\)$")
    until(
        lambda: not [p for p in processes.of_session(server.session) if p.state == "Z"],
        "no zombies",
    )
    os.kill(master, signal.SIGTERM)
    assert server.wait_exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_while_the_interpreter_ends(serve, tmp_path, number):
    """It changes nothing of the exit code any more."""
    begun, end, config = (tmp_path / name for name in ("begun", "end", "conf.py"))
    config.write_text(
        "import atexit, os, time\n"
        "def on_exit(server):\n    atexit.register(last)\n"
        f"def last():\n    open('{begun}', 'w').close()\n"
        f"    while not os.path.exists('{end}'):\n        time.sleep(0.01)\n"
    )
    server = serve("wsgiapp:app", "-c", config)
    server.signal(signal.SIGTERM)
    until(begun.exists, "the interpreter ends")
    server.signal(number)
    end.touch()
    assert server.wait_exit() == 0
