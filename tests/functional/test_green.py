"""gevent and eventlet: what is particular about worker classes with greenlets."""

import contextlib
import os
import re
import signal
import time

import pytest

from support import processes
from support.figures import THREAD_SANITIZED, cpu_ticks
from support.rawhttp import request_bytes
from support.server import run_to_end, untidy
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only]

#: To a sanitizer they are the same.
HUBS = ["gevent", pytest.param("eventlet", marks=pytest.mark.unsanitized)]

#: Newer versions of eventlet print at their import that it is deprecated, but not if this is set.
QUIET = {"EVENTLET_TESTS": "1"}


@pytest.fixture(params=HUBS)
def hub(request):
    return request.param


@pytest.fixture
def start(serve, hub):
    def one(*args, **options):
        return serve("greenapp:app", "-k", hub, "-w", "1", *args, **options)

    return one


@contextlib.contextmanager
def asking(server, target):
    """A request whose answer is not waited for."""
    with server.connect() as client:
        client.send(request_bytes("GET", target))
        yield client


def check_place(found, hub):
    assert found["patched at import"].split(".")[0] == hub
    assert found["greenlet"].split(".")[0] == hub
    assert found["socket"].split(".")[0] == hub
    assert found["has a parent"] and found["multithread"]


def test_applications_are_patched_before_they_are_imported(start, hub):
    server = start(env=QUIET)
    found = server.get("/about").json()
    check_place(found, hub)
    assert not found["preloaded"]
    server.stop()
    assert "Warning" not in server.stderr and "Error" not in server.stderr


def test_preloaded_applications_too(start, hub):
    server = start("--preload", env=QUIET)
    found = server.get("/about").json()
    check_place(found, hub)
    assert found["preloaded"]
    assert server.get("/stream").text == "012"
    server.stop()
    assert "Warning" not in server.stderr and "Error" not in server.stderr


def test_requests_run_at_a_time(start):
    """None of them could be answered otherwise."""
    server = start()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(asking(server, "/meet?20")) for _ in range(20)]
        assert [client.response().text for client in clients] == ["met"] * 20
        assert all(client.is_kept() for client in clients)


def test_streams_run_at_a_time(start):
    server = start()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(asking(server, "/stream")) for _ in range(20)]
        assert [client.response().text for client in clients] == ["012"] * 20


def test_a_slow_reader_keeps_only_its_own_greenlet(start):
    server = start()
    with server.connect(receive_buffer=4096) as client:
        client.send(request_bytes("GET", "/endless"))
        assert client.head().status == 200
        assert server.get("/").text == "hello"
    server.wait_log("^closed$")


@pytest.mark.skipif(THREAD_SANITIZED, reason="it keeps signals from code that calls nothing")
def test_one_that_never_yields_is_killed(start, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("def worker_abort(worker): worker.log.info('worker_abort %d', worker.pid)")
    server = start("-c", config, "--timeout", "1")
    (victim,) = server.wait_workers(1)
    with asking(server, "/spin"):
        server.wait_workers(1, other_than=[victim])
    assert server.in_log(
        rf"WORKER TIMEOUT \(pid:{victim}\)", "GET /spin", rf"worker_abort {victim}"
    )


def test_waiting_is_no_silence(start, tmp_path):
    """The timeout is that of the worker, which goes on."""
    server = start("--timeout", "1")
    workers = server.wait_workers(1)
    with asking(server, f"/patient?{tmp_path}/go") as client:
        for _ in range(3):
            assert server.get("/patient?/").text == "patience"
        (tmp_path / "go").touch()
        assert client.response().text == "patience"
    assert server.workers() == workers


def test_request_timeout_ends_one_that_waits(start):
    server = start("--request-timeout", "1")
    workers = server.wait_workers(1)
    with asking(server, "/patient?/never") as client:
        assert client.at_end()
    server.wait_log(r"Request timeout: GET /patient\?/never from")
    server.wait_log("^ended by Timeout$")
    assert server.workers() == workers
    assert server.get("/").text == "hello"


def test_term_lets_greenlets_finish(start, tmp_path):
    server = start()
    with asking(server, f"/patient?{tmp_path}/go") as client:
        server.wait_log("^waiting$")
        server.signal(signal.SIGTERM)
        server.wait_log("Handling signal: term")
        (tmp_path / "go").touch()
        assert client.response().text == "patience"
    assert server.wait_exit() == 0
    assert "ended by" not in server.stderr


@pytest.mark.parametrize("kind, word", [("patient?/never", "ended by"), ("stubborn", "not ended")])
def test_what_does_not_finish_is_killed(start, kind, word):
    """By the worker: its master has no say meanwhile."""
    server = start("--graceful-timeout", "1")
    (worker,) = server.wait_workers(1)
    with asking(server, f"/{kind}"), processes.stopped(server.pid):
        server.wait_log("^waiting$")
        os.kill(worker, signal.SIGTERM)
        until(lambda: processes.look(worker).state == "Z", "the worker ends")
        assert server.in_log("1 connections did not finish within graceful_timeout", f"^{word}")


@pytest.mark.parametrize("name, hook", [("INT", "worker_int"), ("ABRT", "worker_abort")])
def test_signals_reach_a_worker_with_greenlets(start, tmp_path, name, hook):
    config = tmp_path / "conf.py"
    config.write_text(
        f"def {hook}(worker): worker.log.info('{hook} %d', worker.pid)\n"
        "def worker_exit(server, worker): worker.log.info('worker_exit')\n"
    )
    server = start("-c", config)
    (worker,) = server.wait_workers(1)
    with asking(server, "/patient?/never"):
        server.wait_log("^waiting$")
        os.kill(worker, signal.Signals[f"SIG{name}"])
        server.wait_workers(1, other_than=[worker])
        until(lambda: processes.look(worker) is None, "the worker is gone")
    assert server.in_log(rf"{hook} {worker}$", "^ended by", "worker_exit")


def test_children_of_the_application_are_no_servers(start):
    server = start()
    assert server.get("/child").text == "7"
    assert server.get("/").text == "hello"


@pytest.mark.parametrize("name", ["sync", "event"])
def test_libev_may_be_shared_with_gevent(serve, name):
    """Which has memory of its own for it."""
    server = serve("greenapp:app", "-k", name, "-w", "1", env={"USE_GEVENT_AT_IMPORT": "1"})
    workers = server.wait_workers(1)
    assert [server.get("/crowd").text for _ in range(2)] == ["crowd"] * 2
    assert server.workers() == workers


#: What psycogreen does: a library in C is told how to wait.
PSYCOGREEN = """
def post_fork(server, worker):
    from gevent.socket import wait_read, wait_write
    import greenapp
    greenapp.wait_callback = wait_read
    worker.log.info("Made Psycopg2 Green")
"""


def test_configurations_that_patch_by_themselves(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text(
        "from gevent import monkey\nmonkey.patch_all()\nimport ssl, requests\n" + PSYCOGREEN
        + "import threading, time\n"
        "def tick(server):\n"
        "    time.sleep(0.5)\n"
        "    server.log.info('a thread goes on')\n"
        "def when_ready(server):\n"
        "    threading.Thread(target=tick, args=[server], daemon=True).start()\n"
        "    time.sleep(0.01)\n"  # it has begun when the worker is forked
    )
    server = serve("greenapp:app", "-k", "gevent", "-w", "1", "-c", config)
    check_place(server.get("/about").json(), "gevent")
    server.wait_log("Made Psycopg2 Green")
    server.wait_log(rf"\[{server.pid}\] \[INFO\] a thread goes on")
    server.stop()
    assert "Warning" not in server.stderr and "Traceback" not in server.stderr


@pytest.mark.parametrize("name, hook", [("INT", "worker_int"), ("ABRT", "worker_abort")])
def test_hooks_of_signals_may_wait(start, tmp_path, name, hook):
    config = tmp_path / "conf.py"
    config.write_text(
        f"import time\ndef {hook}(worker):\n    time.sleep(0.1)\n    worker.log.info('it has waited')\n"
    )
    server = start("-c", config)
    (worker,) = server.wait_workers(1)
    os.kill(worker, signal.Signals[f"SIG{name}"])
    server.wait_log(rf"\[{worker}\] \[INFO\] it has waited$")
    server.wait_workers(1, other_than=[worker])


def test_notify_may_wait(serve, hub):
    """Of a class of the user's, which gunicorn calls where waiting is allowed."""
    server = serve("greenapp:app", "-k", f"greenclasses.Patient{hub.title()}", "-w", "1")
    (worker,) = server.wait_workers(1)
    server.wait_log("notified for the 2nd time")
    assert server.get("/about").json()["greenlet"].startswith(hub)
    assert server.wait_workers(1) == [worker]
    assert "Traceback" not in server.stderr


ALIASES = {
    "gevent": ["egg:gunicorn#gevent", "gevent_pywsgi", "gunicorn.workers.ggevent.GeventWorker"],
    "eventlet": ["egg:gunicorn#eventlet", "gunicorn.workers.geventlet.EventletWorker"],
}


def test_names(serve, hub):
    for alias in ALIASES[hub]:
        server = serve("greenapp:app", "-k", alias, "-w", "1")
        assert server.get("/about").json()["greenlet"].startswith(hub)
        server.stop()


@pytest.mark.parametrize("keeper", ["socket", "all"])
@pytest.mark.parametrize("name", [*HUBS, "tornado"])
def test_descriptors_that_outlive_their_connections(serve, name, keeper):
    """The kernel goes on telling epoll of them; the loop must not lose sight of its own."""
    server = serve("greenapp:app", "-k", name, "-w", "1")
    with server.connect() as one, server.connect() as other:
        assert one.is_kept() and other.is_kept()
        assert one.request("GET", f"/keep_{keeper}").status == 200
    begun, ticks = time.monotonic(), cpu_ticks(*server.workers())
    for _ in range(20):
        assert server.get("/").text == "hello"
    # It would take 0.25 s for each, the loop's tick, or all of the processor.
    assert time.monotonic() - begun < 4
    time.sleep(1)
    assert cpu_ticks(*server.workers()) - ticks < 50
    if keeper == "all":
        assert server.get("/kill_kept").text == "killed"


def hide(tmp_path, *names):
    """A configuration for which these packages are not installed."""
    config = tmp_path / "hide.py"
    config.write_text(
        "import sys\n"
        "class Hidden:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {names!r}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hidden)\n"
    )
    return config


SENTENCE = r"worker_class {0} needs the Python package {0}, which is not installed for /"


@pytest.mark.parametrize("name", [*HUBS, "tornado"])
def test_a_missing_package_is_a_sentence(tmp_path, name):
    ended = run_to_end("-c", hide(tmp_path, name), "-k", name, "wsgiapp:app")
    assert ended.code == 1
    assert re.search(r"^Error: " + SENTENCE.format(name), ended.stderr, re.M)
    assert "Traceback" not in ended.stderr


def test_a_reload_that_misses_a_package_changes_nothing(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("worker_class = 'sync'")
    server = serve("wsgiapp:app", "-c", config, "-w", "1")
    workers = server.wait_workers(1)
    hide(tmp_path, "gevent").rename(config)
    with config.open("a") as file:
        file.write("worker_class = 'gevent'\n")
    server.signal(signal.SIGHUP)
    server.wait_log("The reload was given up.*" + SENTENCE.format("gevent"))
    assert server.workers() == workers
    assert server.get("/").status == 200


def test_a_reload_may_change_the_class(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("worker_class = 'sync'")
    server = serve("wsgiapp:app", "-c", config, "-w", "1", env=untidy())
    server.opened["anon_inode:[eventpoll]"] += 1  # eventlet begins a hub when it is imported
    for name in [*ALIASES, "tornado"]:
        workers = server.wait_workers(1)
        config.write_text(f"worker_class = '{name}'")
        server.signal(signal.SIGHUP)
        server.wait_workers(1, other_than=workers)
        assert server.get("/").status == 200
