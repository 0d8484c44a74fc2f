"""Workers that hang, crash, grow or get old: what becomes of them, and what the log says."""

import contextlib
import os
import re
import signal

import pytest

from support import processes
from support.descriptors import count, held
from support.rawhttp import request_bytes
from support.server import APPS, PLAIN_DEATHS
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.master]


@pytest.fixture
def start(serve, backend):
    def one(*args, **options):
        return serve("healthapp:app", "-k", backend, *args, **options)

    return one


@contextlib.contextmanager
def asking(server, target):
    """A request whose answer is not waited for."""
    with server.connect() as client:
        client.send(request_bytes("GET", target))
        yield client


# --- a worker that hangs is named, with its requests and its stacks


@pytest.mark.needs("main-thread")
@pytest.mark.parametrize("limit", ["timeout", "request-timeout"])
def test_what_hangs_is_named(start, limit):
    server = start("-w", "1", "--timeout", "0", f"--{limit}", "1")
    (victim,) = server.wait_workers(1)
    with asking(server, "/sleep?who=me"):
        server.wait_workers(1, other_than=[victim])
        server.wait_log("What the Python threads")
    headline = {"timeout": "WORKER", "request-timeout": "REQUEST"}[limit]
    assert server.in_log(
        rf"\[CRITICAL\] {headline} TIMEOUT \(pid:{victim}\)$",
        rf"\[ERROR\] Worker \(pid:{victim}\) has had this request in hand for \d+\.\d s: "
        r"GET /sleep\?who=me$",
        rf"\[ERROR\] What the Python threads of worker \(pid:{victim}\) were doing:$",
        r'^  File ".*healthapp\.py", line \d+ in sleep$',
    )
    assert server.get("/").status == 200


@pytest.mark.needs("main-thread")
def test_code_that_holds_the_gil_is_named_too(start):
    """It never gets to run a handler: SIGKILL is what ends it, and the log says whose."""
    server = start("-w", "1", "--timeout", "1")
    (victim,) = server.wait_workers(1)
    with asking(server, "/spin_in_c"):
        server.wait_workers(1, other_than=[victim])
        server.wait_log(r"What the Python threads")
    assert server.in_log("WORKER TIMEOUT", "GET /spin_in_c$", r"healthapp\.py", " in spin_in_c$")
    assert "out of memory" not in server.log


@pytest.mark.needs("main-thread")
def test_stacks_of_all_threads(start):
    server = start("-w", "1", "--timeout", "1")
    with asking(server, "/beside_a_thread"):
        server.wait_log(r" in the_other_thread$")


@pytest.mark.needs("main-thread")
def test_what_clients_send_cannot_forge_log_lines(start):
    server = start("-w", "1", "--timeout", "1")
    with asking(server, "/sleep?" + "a" * 200 + "%0a\x9b31m"):
        found = server.wait_log(r"in hand for .*: GET (/sleep\?a+)$")
    assert len(found[1]) < 200


def test_kill_names_the_limit_and_not_memory(start):
    """A worker that ignores what it is told; the application may catch SystemExit."""
    server = start("-w", "1", "--graceful-timeout", "1")
    (victim,) = server.wait_workers(1)
    with processes.stopped(victim):
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
    server.wait_log(rf"Worker \(pid:{victim}\) was sent SIGKILL! It had not left within graceful")
    assert "memory" not in server.log


def test_a_crash_leaves_its_stack(start):
    server = start("-w", "1", env=PLAIN_DEATHS)
    (victim,) = server.wait_workers(1)
    with asking(server, "/crash"):
        server.wait_workers(1, other_than=[victim])
        server.wait_log("in crash$")
    assert server.in_log(rf"Worker \(pid:{victim}\) was sent SIG(SEGV|ABRT)!|exited with code")


def test_workers_hold_no_file_of_their_siblings(start):
    """Each lets go of them when it has been forked."""
    server = start("-w", "3")
    for pid in server.wait_workers(3):
        until(lambda: count(held(pid))["stacks"] == 1, f"worker {pid} has its own file only")


# --- request_timeout for responses that give others their turn


def test_an_endless_response_is_cut(start):
    server = start("-w", "1", "--request-timeout", "1")
    (worker,) = server.wait_workers(1)
    with asking(server, "/trickle?q") as client:
        while not client.at_end():
            client.raw(1)
    server.wait_log(r"\[ERROR\] Request timeout: GET /trickle\?q from ip=127\.0\.0\.1 was not done")
    assert server.workers() == [worker]
    assert server.get("/").status == 200


def test_no_limit_for_requests_by_default(start):
    server = start("-w", "1")
    with asking(server, "/trickle") as client:
        assert client.head().status == 200
    assert "imeout" not in server.log


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_slow_client_costs_its_own_connection_only(serve, way):
    """The application waits for it inside read() and write()."""
    server = serve("healthapp:app", "-k", "sync", "--request-timeout", "1", "--stream-request-body")
    (worker,) = server.wait_workers(1)
    with server.connect(receive_buffer=4096) as client:
        head = request_bytes("POST", f"/wait_in_{way}", fields=[("Content-Length", "10")])
        client.send(head + b"x" * (9 if way == "read" else 10))
        server.wait_answer()  # meanwhile it is waited for
    assert server.workers() == [worker]
    assert "REQUEST TIMEOUT" not in server.log


def test_limits_are_those_of_the_start_of_the_worker(serve, tmp_path):
    """A reload does not make requests fail that its old workers have in hand."""
    config = tmp_path / "conf.py"
    config.write_text("request_timeout = 0")
    server = serve("wsgiapp:app", "-c", config, "-w", "1")
    old = server.wait_workers(1)
    with server.connect() as client:
        client.send(request_bytes("GET", f"/slow?started={tmp_path}/started&file={tmp_path}/go"))
        until((tmp_path / "started").exists, "a request is in hand")
        config.write_text("request_timeout = 1")
        server.signal(signal.SIGHUP)
        until(lambda: set(server.workers()) - set(old), "a new worker")
        with asking(server, f"/slow?started={tmp_path}/second&file={tmp_path}/never"):
            server.wait_log("REQUEST TIMEOUT")  # of the new one
        (tmp_path / "go").touch()
        assert client.response().text == "slow"
    assert f"TIMEOUT (pid:{old[0]})" not in server.log


# --- boot_timeout


def test_a_boot_that_hangs_is_ended(start, backend, tmp_path):
    go = tmp_path / "go"
    server = start(
        "-w", "1", "--boot-timeout", "1", env={"BOOT_WAITS_FOR": str(go)}, probe=None
    )
    first = server.wait_log(r"\[CRITICAL\] BOOT TIMEOUT \(pid:(\d+)\)$")
    if backend not in ("gevent", "eventlet"):  # there it waits in a greenlet, which no stack shows
        server.wait_log(r'^  File ".*latch\.py", line \d+ in wait_for_file$')
    server.wait_log(rf"Worker \(pid:{first[1]}\) ended before it could serve\. Next try in")
    go.touch()
    server.wait_workers(1, other_than=[int(first[1])])
    until(lambda: "Traceback" not in server.get("/").text, "it serves")


def test_a_long_boot_is_nothing_to_timeout(start):
    server = start("-w", "1", "--timeout", "1", env={"BOOT_TAKES": "3"})
    assert server.get("/").status == 200
    assert "TIMEOUT" not in server.log


# --- tired workers


def serving_pid(server):
    return int(server.get("/pid").text)


def test_max_worker_memory(start):
    server = start("-w", "1", "--max-worker-memory", "100m")
    (fat,) = server.wait_workers(1)
    for _ in range(2):
        assert server.get("/eat").status == 200
    server.wait_workers(1, other_than=[fat])
    server.wait_log(
        rf"\[WARNING\] Worker \(pid:{fat}\) uses \d+ MiB, more than max_worker_memory: it is replaced"
    )
    assert not re.search(r"\[ERROR\]", server.log)


def test_a_limit_that_a_new_worker_is_beyond(start):
    """It would be replaced for ever."""
    server = start("-w", "1", "--max-worker-memory", "1m")
    server.wait_log(r"\[WARNING\] Worker .* begins with \d+ MiB, more than max_worker_memory: it is not")
    (worker,) = server.workers()
    for _ in range(3):
        assert serving_pid(server) == worker


def test_max_worker_lifetime(start):
    server = start("-w", "2", "--max-worker-lifetime", "1")
    before = server.wait_workers(2)
    until(lambda: not set(server.workers()) & set(before), "all have been replaced")
    server.wait_log(rf"Worker \(pid:{before[0]}\) has reached max_worker_lifetime: it is replaced")


def test_a_tired_worker_serves_until_another_is_ready(start, tmp_path):
    """The replacement's boot hangs until the test lets it go on."""
    go = tmp_path / "go"
    go.touch()
    server = start(
        "-w", "1", "--max-requests", "3", env={"BOOT_WAITS_FOR": str(go)}, probe="/pid"
    )
    (old,) = server.wait_workers(1)
    go.unlink()
    until(lambda: serving_pid(server) and "Autorestarting" in server.log, "it is tired")
    two = server.wait_workers(2)
    assert [serving_pid(server) for _ in range(20)] == [old] * 20
    go.touch()
    server.wait_workers(1, other_than=[old])
    assert serving_pid(server) in two
    assert server.log.count(f"[{old}] [INFO] Autorestarting") == 1


def test_a_tired_worker_stays_when_no_other_can_boot(serve, backend, tmp_path):
    module = tmp_path / "failing.py"
    module.write_text("from healthapp import app\n")
    server = serve(
        "failing:app", "-k", backend, "-w", "1", "--max-requests", "3",
        "--pythonpath", f"{tmp_path},{APPS}", probe="/pid",
    )  # fmt: skip
    (old,) = server.wait_workers(1)
    module.write_text("raise LookupError('not now')\n")
    until(lambda: serving_pid(server) == old and "Next try in" in server.log, "a boot has failed")
    assert [serving_pid(server) for _ in range(20)] == [old] * 20
    module.write_text("from healthapp import app\n")
    until(lambda: serving_pid(server) != old, "another one has booted")
