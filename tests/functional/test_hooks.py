"""Hooks: when they run, in which process, with what, and what comes of it when they raise."""

import json
import os
import re
import signal

import pytest

from support import processes
from support.rawhttp import request_bytes
from support.server import APPS
from support.waiting import until

pytestmark = pytest.mark.master

CONFIG = APPS / "hooksconf.py"

BOOT = ["pre_fork", "post_fork", "post_worker_init"]
START = ["nworkers_changed", "on_starting", "when_ready", *BOOT]
REQUEST = ["pre_request", "post_request"]


class Hooked:
    """A server with hooksconf.py, and the calls of its hooks."""

    def __init__(self, serve, file, args, add, env, **options):
        self.file = file
        env = {"HOOKS_FILE": str(file), "HOOKS_ADD": add, **(env or {})}
        self.server = serve(
            options.pop("app", "wsgiapp:app"), "-c", CONFIG, *args, env=env, probe=None, **options
        )

    def calls(self, hook=None):
        """What hooks have noted so far: all, or those of one."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [call for call in map(json.loads, lines) if hook in (None, call["hook"])]

    def names(self):
        return [call["hook"] for call in self.calls()]

    def wait(self, hook, count=1):
        """Waits for that many calls of the hook; gives the last of them."""
        return until(
            lambda: len(self.calls(hook)) >= count and self.calls(hook)[count - 1],
            f"{count} calls of {hook}",
        )

    def ready(self, workers=1):
        """Waits until it serves."""
        self.wait("post_worker_init", workers)
        return self

    def stop(self, number=signal.SIGTERM):
        self.server.signal(number)
        return self.server.wait_exit()


@pytest.fixture
def hooked(serve, backend, tmp_path):
    def start(*args, add="", env=None, **options):
        return Hooked(
            serve, tmp_path / "hooks", ["-k", backend, *args], add, env, **options
        )

    return start


def added(hook, code):
    """For add: the hook runs code."""
    return f"def then():\n    {code}\nafter[{hook!r}] = then\n"


# Order, processes, arguments.


def test_boot_request_stop(hooked):
    run = hooked().ready()
    assert run.server.get("/").text == "hello"
    run.wait("post_request")
    assert run.stop() == 0
    assert run.names() == [*START, *REQUEST, "worker_exit", "child_exit", "on_exit"]
    master, worker = run.server.pid, run.calls("post_fork")[0]["pid"]
    in_worker = {"post_fork", "post_worker_init", *REQUEST, "worker_exit"}
    for call in run.calls():
        assert call["pid"] == (worker if call["hook"] in in_worker else master), call
        if "worker" in call:
            assert call["worker"] == ("[booting]" if call["hook"] == "pre_fork" else worker)
            assert call["age"] == 1


def test_what_hooks_see(hooked):
    run = hooked().ready()
    run.server.get("/?x=1")
    run.wait("post_request")
    run.stop()
    at = {call["hook"]: call for call in run.calls()}
    pid = run.server.pid
    assert (at["nworkers_changed"]["new"], at["nworkers_changed"]["old"]) == (1, None)
    assert at["nworkers_changed"]["has_pid"] is False
    assert (at["on_starting"]["server_pid"], at["on_starting"]["listeners"]) == (pid, 0)
    assert at["when_ready"]["listeners"] == [run.server.url("")]
    assert at["pre_fork"]["known"] == 0
    assert (at["post_fork"]["mark"], at["post_fork"]["loaded"]) == (100, False)
    assert at["post_worker_init"]["text"] == "<Worker %d>" % at["post_fork"]["pid"]
    assert (at["post_worker_init"]["booted"], at["post_worker_init"]["nr"]) == (False, 0)
    assert (at["pre_request"]["nr"], at["post_request"]["nr"]) == (0, 1)
    assert (at["pre_request"]["method"], at["pre_request"]["path"]) == ("GET", "/")
    assert at["post_request"]["seen"] == "by pre_request"
    assert (at["post_request"]["path"], at["post_request"]["status"]) == ("/", "200 OK")
    assert (at["child_exit"]["mark"], at["child_exit"]["known"]) == (100, [])


def test_several_workers(hooked):
    run = hooked("-w", "3").ready(3)
    run.stop()
    ages = [call["age"] for call in run.calls("pre_fork")]
    assert ages == [1, 2, 3]
    assert {call["age"]: call["mark"] for call in run.calls("post_fork")} == {
        1: 100, 2: 200, 3: 300,
    }  # fmt: skip
    forked = {call["worker"] for call in run.calls("post_fork")}
    for hook in ("worker_exit", "child_exit"):
        assert {call["worker"] for call in run.calls(hook)} == forked


@pytest.mark.parametrize("name", ["INT", "QUIT"])
def test_quick_stop(hooked, name):
    run = hooked().ready()
    # Hooks that come before the worker's loop prove nothing about its handlers.
    assert run.server.get("/").text == "hello"
    assert run.stop(getattr(signal, f"SIG{name}")) == 0
    assert run.names()[-4:] == ["worker_int", "worker_exit", "child_exit", "on_exit"]


def test_reload(hooked):
    run = hooked().ready()
    (old,) = run.server.workers()
    run.server.signal(signal.SIGHUP)
    run.wait("child_exit")
    run.wait("post_worker_init", 2)
    # The old worker leaves meanwhile: under gunicorn at once, here when the new one serves.
    names = [name for name in run.names() if name not in ("worker_exit", "child_exit")]
    assert names == [*START, "nworkers_changed", "on_reload", *BOOT]
    changed = run.calls("nworkers_changed")[1]
    assert (changed["new"], changed["old"]) == (1, 1)
    assert run.calls("child_exit")[0]["worker"] == old
    assert run.calls("post_fork")[1]["age"] == 2


def test_more_and_fewer_workers(hooked):
    run = hooked().ready()
    run.server.signal(signal.SIGTTIN)
    run.wait("post_worker_init", 2)
    first, second = run.server.workers()
    with processes.stopped(first):
        assert int(run.server.get("/pid").text) == second  # it serves, and is no beginner any more
    run.server.signal(signal.SIGTTOU)
    gone = run.wait("child_exit")
    assert [(c["new"], c["old"]) for c in run.calls("nworkers_changed")] == [
        (1, None), (2, 1), (1, 2),
    ]  # fmt: skip
    assert gone["age"] == 1  # the oldest


def test_killed_worker(hooked):
    run = hooked().ready()
    (pid,) = run.server.workers()
    os.kill(pid, signal.SIGKILL)
    run.wait("post_worker_init", 2)
    gone = run.wait("child_exit")
    assert (gone["worker"], gone["mark"], gone["pid"]) == (pid, 100, run.server.pid)
    assert not run.calls("worker_exit")


@pytest.mark.needs("main-thread")  # threads and greenlets that wait are no sign of a worker that hangs
def test_timeout(hooked):
    run = hooked("-t", "1").ready()
    with run.server.connect() as client:
        client.send(request_bytes("GET", "/hang"))
        aborted = run.wait("worker_abort")
        gone = run.wait("child_exit")
    assert aborted["pid"] == aborted["worker"] == gone["worker"]
    run.wait("post_worker_init", 2)


# What is raised.


@pytest.mark.parametrize("hook", ["nworkers_changed", "on_starting", "when_ready"])
def test_raising_at_start(hooked, hook):
    run = hooked(add=added(hook, "1 / 0"))
    assert run.server.wait_exit() == 1
    assert "ZeroDivisionError" in run.server.stderr
    assert not run.calls("pre_fork")


@pytest.mark.parametrize("code", [0, 7])
def test_exit_code_of_a_hook(hooked, code):
    run = hooked(add=added("on_starting", f"raise SystemExit({code})"))
    assert run.server.wait_exit() == code
    assert not run.calls("pre_fork")


def test_what_an_operator_has_to_fix(hooked):
    run = hooked(add=added("on_starting", "raise RuntimeError('no luck')"))
    assert run.server.wait_exit() == 1
    assert "\nError: no luck\n" in run.server.stderr
    assert "Traceback" not in run.server.stderr


@pytest.mark.parametrize("hook", ["pre_fork", "child_exit", "on_reload"])
def test_raising_in_the_masters_loop(hooked, hook):
    run = hooked(add=added(hook, "1 / 0"))
    if hook != "pre_fork":
        run.ready()
        if hook == "child_exit":
            os.kill(run.server.workers()[0], signal.SIGKILL)
        else:
            run.server.signal(signal.SIGHUP)
    assert run.server.wait_exit() == 255
    assert run.server.in_log(
        r"Unhandled exception in main loop$", "ZeroDivisionError"
    )
    assert not run.calls("on_exit")


@pytest.mark.parametrize("hook", ["post_fork", "post_worker_init"])
def test_raising_at_boot(hooked, hook):
    run = hooked(add=added(hook, "1 / 0"))
    assert run.server.wait_exit() == 3
    assert run.server.in_log(
        r"\[ERROR\] Exception in worker process$", "ZeroDivisionError", "Worker failed to boot"
    )
    assert run.names()[-2:] == ["worker_exit", "on_exit"]


def test_raising_before_a_request(hooked):
    run = hooked(add=added("pre_request", "1 / 0")).ready()
    assert run.server.get("/").status == 500
    call = run.wait("post_request")
    assert (call["path"], call["status"]) == (None, None)
    run.server.wait_log(r"\[ERROR\] Error handling request")
    assert "ZeroDivisionError" in run.server.log


def test_raising_after_a_request(hooked):
    run = hooked(add=added("post_request", "1 / 0")).ready()
    for _ in range(2):
        assert run.server.get("/").text == "hello"
    run.server.wait_log(r"\[ERROR\] Exception in post_request hook$")
    assert len(run.calls("post_fork")) == 1


def test_raising_at_a_workers_end(hooked):
    run = hooked(add=added("worker_exit", "1 / 0")).ready()
    assert run.stop() == 0
    assert run.server.in_log(r"\[WARNING\] Exception during worker exit:$", "ZeroDivisionError")
    assert run.names()[-1] == "on_exit"


@pytest.mark.parametrize("error", ["ZeroDivisionError", "RuntimeError"])
def test_raising_at_exit(hooked, error):
    run = hooked(add=added("on_exit", f"raise {error}('boom')")).ready()
    assert run.stop() == 1
    assert run.server.in_log(r"\[ERROR\] Exception in on_exit$", f"^{error}: boom$")


@pytest.mark.needs("main-thread")
def test_raising_in_worker_abort_shows_where_it_hangs(hooked):
    run = hooked("-t", "1", add=added("worker_abort", "raise KeyError('stuck')")).ready()
    with run.server.connect() as client:
        client.send(request_bytes("GET", "/hang"))
        run.wait("child_exit")
    assert run.server.in_log("Error handling request", "in hang", "KeyError: 'stuck'")


# What hooks change.


def test_changed_request(hooked):
    code = """
def pre_request(worker, req):
    note("pre_request", worker)
    req.headers.append(("X-ADDED", "yes"))
    req.headers = [("X-RENAMED" if n == "X-OLD" else n, v) for n, v in req.headers if n != "X-GONE"]
    req.scheme = "https"
    req.path = "/environ" + req.path
    req.query = "changed=1"
"""
    run = hooked(add=code).ready()
    environ = run.server.get("/x?y=1", [("X-Old", "old"), ("X-Gone", "gone")]).json()
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_X_ADDED"] == "yes"
    assert environ["HTTP_X_RENAMED"] == "old"
    assert not {"HTTP_X_OLD", "HTTP_X_GONE"} & environ.keys()
    assert environ["PATH_INFO"] == "/environ/x"
    assert environ["QUERY_STRING"] == "changed=1"
    assert environ["RAW_URI"] == "/x?y=1"


@pytest.mark.keepalive
def test_force_close(hooked):
    run = hooked(add="def pre_request(worker, req):\n    req.force_close()\n").ready()
    with run.server.connect() as client:
        response = client.request("GET", "/")
        assert response.get("Connection").lower() == "close"
        assert client.at_end()


def test_objects(hooked):
    """Attributes that configurations read."""
    code = """
import inspect, numbers
def post_request(worker, req, environ, resp):
    note("post_request", worker, req={
        "uri": req.uri, "path": req.path, "query": req.query, "version": req.version,
        "headers": req.headers, "scheme": req.scheme, "must_close": req.must_close,
        "trailers": req.trailers, "number": req.req_number, "has_body": hasattr(req.body, "read"),
        "cfg": req.cfg.workers, "peer": req.peer_addr[0],
    }, resp={
        "status": resp.status, "code": resp.status_code, "headers": resp.headers,
        "sent": resp.sent, "length": resp.response_length, "chunked": resp.chunked,
        "upgrade": resp.upgrade, "headers_sent": resp.headers_sent,
    }, of_worker={
        "alive": worker.alive, "booted": worker.booted, "aborted": worker.aborted,
        "ppid": worker.ppid, "uri": worker.app.app_uri, "called": worker.wsgi is worker.app.wsgi(),
        "sockets": len(worker.sockets), "timeout": worker.timeout,
        "beat": isinstance(worker.tmp.last_update(), numbers.Real), "notify": worker.notify(),
    })
def child_exit(server, worker):
    note("child_exit", worker, of_server={
        "num_workers": server.num_workers, "timeout": server.timeout, "name": server.proc_name,
        "address": server.address, "reexec_pid": server.reexec_pid, "age": server.worker_age,
        "master_pid": server.master_pid, "class": inspect.isclass(server.worker_class),
        "context": sorted(map(str, server.START_CTX)), "cfg": server.cfg.workers,
        "master_name": server.master_name, "pidfile": server.pidfile, "app": server.app.app_uri,
    }, wakeup=server.wakeup())
"""
    run = hooked(add=code).ready()
    run.server.get("/?a=b", [("X-Some", "thing")])
    seen = run.wait("post_request")
    req, resp, worker = seen["req"], seen["resp"], seen["of_worker"]
    assert (req["uri"], req["path"], req["query"]) == ("/?a=b", "/", "a=b")
    assert req["version"] == [1, 1]
    assert ["X-SOME", "thing"] in req["headers"]
    assert (req["scheme"], req["must_close"], req["trailers"]) == ("http", False, [])
    assert (req["number"], req["has_body"], req["cfg"]) == (1, True, 1)
    assert req["peer"] == "127.0.0.1"
    assert (resp["status"], resp["code"]) == ("200 OK", 200)
    assert ["Content-Length", "5"] in resp["headers"]
    assert (resp["sent"], resp["length"], resp["chunked"]) == (5, 5, False)
    assert (resp["upgrade"], resp["headers_sent"]) == (False, True)
    assert worker == {
        "alive": True, "booted": True, "aborted": False, "ppid": run.server.pid,
        "uri": "wsgiapp:app", "called": True, "sockets": 1, "timeout": 15, "beat": True,
        "notify": None,
    }  # fmt: skip
    run.stop()
    of_server = run.wait("child_exit")["of_server"]
    assert of_server == {
        "num_workers": 1, "timeout": 30, "name": "wsgiapp:app",
        "address": [list(run.server.address)], "reexec_pid": 0, "age": 1, "master_pid": 0,
        "class": True, "context": ["0", "args", "cwd"], "cfg": 1, "master_name": "Master",
        "pidfile": None, "app": "wsgiapp:app",
    }  # fmt: skip


@pytest.mark.parametrize("count", [2, 3, 4])
def test_parameters_of_post_request(hooked, count):
    names = ["worker", "req", "environ", "resp"][:count]
    code = f"def post_request({', '.join(names)}):\n    note('post_request', n={count})\n"
    run = hooked(add=code).ready()
    run.server.get("/")
    assert run.wait("post_request")["n"] == count


def test_worker_that_is_not_alive_any_more(hooked):
    code = """
def post_request(worker, req, environ, resp):
    note("post_request", worker)
    if req.path == "/imported-by":
        worker.alive = False
"""
    run = hooked(add=code).ready()
    first = run.server.get("/pid").text
    run.server.get("/imported-by")
    run.wait("worker_exit")
    run.wait("post_worker_init", 2)
    assert run.server.get("/pid").text != first
    assert run.server.in_log(rf"Worker exiting \(pid: {first}\)")


@pytest.mark.ucorn_only
def test_worker_that_a_thread_retires(hooked):
    """While the worker waits for clients."""
    code = """
import threading
def post_worker_init(worker):
    note("post_worker_init", worker)
    def watch():
        while not os.path.exists(os.environ["HOOKS_FILE"] + ".go"):
            threading.Event().wait(0.01)
        worker.alive = False
    if worker.age == 1:
        threading.Thread(target=watch, daemon=True).start()
"""
    run = hooked(add=code).ready()
    assert run.server.get("/").text == "hello"
    run.file.with_name("hooks.go").touch()
    assert run.wait("worker_exit")["age"] == 1
    run.wait("post_worker_init", 2)


def test_limit_of_requests(hooked):
    code = "def post_fork(server, worker):\n    note('post_fork', worker)\n"
    run = hooked(add=code + "    worker.max_requests = 2\n").ready()
    for _ in range(2):
        run.server.get("/")
    run.server.wait_log("Autorestarting worker after current request")
    run.wait("post_worker_init", 2)


def test_number_of_requests_counts_as_hooks_say(hooked):
    code = """
def post_fork(server, worker):
    note("post_fork", worker)
    worker.max_requests = 3.5
    worker.nr = 2
"""
    run = hooked(add=code).ready()
    for _ in range(2):
        run.server.get("/")
    run.server.wait_log("Autorestarting worker after current request")
    run.wait("post_worker_init", 2)


def test_number_of_workers(hooked):
    run = hooked(add="def when_ready(server):\n    server.num_workers += 1\n").ready(2)
    changed = run.calls("nworkers_changed")
    assert [(c["new"], c["old"]) for c in changed] == [(1, None), (2, 1)]


def test_killing_a_worker(hooked):
    code = """
def nworkers_changed(server, new_value, old_value):
    note("nworkers_changed", new=new_value)
    if old_value == 1:
        server.kill_worker(min(server.WORKERS), 9)
"""
    run = hooked(add=code).ready()
    (pid,) = run.server.workers()
    run.server.signal(signal.SIGTTIN)
    assert run.wait("child_exit")["worker"] == pid
    run.wait("post_worker_init", 3)


def test_objects_when_their_process_is_over(hooked):
    code = """
import atexit, sys
def worker_is_over(server, worker):
    worker.notify()
    worker.max_requests = 5
    worker.alive = False
    try:
        copy = os.fork()
        if copy == 0:
            os._exit(0)
        os.waitpid(copy, 0)
    except RuntimeError:
        assert sys.version_info[:2] == (3, 12)  # "can't fork at interpreter shutdown"
    note("worker_is_over", worker, alive=worker.alive, nr=worker.nr, wanted=server.num_workers)
def server_is_over(server, worker):
    server.wakeup()
    note("server_is_over", wanted=server.num_workers, beat=worker.tmp.last_update())
def post_fork(server, worker):
    note("post_fork", worker)
    atexit.register(worker_is_over, server, worker)
def child_exit(server, worker):
    atexit.register(server_is_over, server, worker)
"""
    run = hooked("-w", "2", add=code).ready(2)
    for _ in range(3):
        run.server.get("/")
    assert run.stop() == 0
    of_workers = run.calls("worker_is_over")
    assert [(call["alive"], call["wanted"]) for call in of_workers] == [(False, 2)] * 2
    assert sum(call["nr"] for call in of_workers) == 3
    assert [(call["wanted"], call["beat"]) for call in run.calls("server_is_over")] == [(2, 0)] * 2


def test_copy_of_a_worker_cannot_wake_the_master(hooked):
    code = """
import select
def post_worker_init(worker):
    copy = os.fork()
    if copy == 0:
        pipes = [os.pipe() for _ in range(20)]  # one has the number of the master's
        the_server.wakeup()
        note("copy", written=len(select.select([ours for ours, _ in pipes], [], [], 0)[0]))
        os._exit(0)
    os.waitpid(copy, 0)
    note("post_worker_init", worker)
def post_fork(server, worker):
    global the_server
    the_server = server
"""
    run = hooked(add=code).ready()
    assert run.calls("copy")[0]["written"] == 0


def test_listeners(hooked):
    """They may be looked at, and go on working."""
    code = """
import socket
def when_ready(server):
    listener = server.LISTENERS[0]
    note("when_ready", reuse=listener.sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR),
         name=listener.getsockname(), number=listener.fileno())
"""
    run = hooked("-w", "2", add=code).ready(2)
    seen = run.calls("when_ready")[0]
    assert (seen["reuse"], seen["name"]) == (1, list(run.server.address))
    assert seen["number"] > 2
    run.server.signal(signal.SIGHUP)
    run.wait("child_exit", 2)
    assert run.server.get("/").text == "hello"


def test_class_of_workers(hooked, backend):
    code = """
from gunicorn.workers import base, sync
from gunicorn.arbiter import Arbiter
def pre_fork(server, worker):
    note("pre_fork", worker, base=isinstance(worker, base.Worker),
         sync=isinstance(worker, sync.SyncWorker), arbiter=isinstance(server, Arbiter))
    worker.mark = 1
"""
    seen = hooked(add=code).wait("pre_fork")
    assert (seen["base"], seen["arbiter"]) == (True, True)
    assert seen["sync"] == (backend == "sync")


@pytest.mark.ucorn_only
def test_response_of_an_application_that_failed(hooked):
    """gunicorn gives a response without a status here."""
    run = hooked().ready()
    assert run.server.get("/boom").status == 500
    assert run.wait("post_request")["status"] == "500 Internal Server Error"


def test_hook_that_a_hook_sets(hooked):
    code = """
def later(worker):
    note("later", worker)
def post_fork(server, worker):
    worker.cfg.set("post_worker_init", later)
"""
    hooked(add=code).wait("later")


def test_preloaded_application(hooked):
    run = hooked("--preload").ready()
    assert run.calls("post_fork")[0]["loaded"] is True
    assert int(run.server.get("/imported-by").text) == run.server.pid


def test_application_that_a_hook_has_loaded(hooked):
    run = hooked(add="def when_ready(server):\n    server.app.wsgi()\n").ready()
    assert int(run.server.get("/imported-by").text) == run.server.pid


def test_replaced_application(hooked):
    code = """
def post_worker_init(worker):
    inner = worker.wsgi
    def outer(environ, start_response):
        environ["PATH_INFO"] = "/"
        return inner(environ, start_response)
    worker.wsgi = outer
    note("post_worker_init", worker)
"""
    run = hooked(add=code).ready()
    assert run.server.get("/pid").text == "hello"


@pytest.mark.ucorn_only
def test_signal_handlers_of_hooks(hooked):
    """A master whose signals a hook has taken still stops."""
    code = added("pre_fork", "__import__('signal').signal(15, lambda *_: None)")
    run = hooked(add=code).ready()
    assert run.stop() == 0


def test_hooks_log(hooked):
    code = """
def post_worker_init(worker):
    worker.log.info("from %s", "the worker")
    note("post_worker_init", worker)
def when_ready(server):
    server.log.warning("from the server")
"""
    run = hooked(add=code).ready()
    pid = run.calls("post_fork")[0]["pid"]
    assert run.server.in_log(
        rf"\[{run.server.pid}\] \[WARNING\] from the server$",
        rf"\[{pid}\] \[INFO\] from the worker$",
    )


# What hooks are used for.


def test_thread_in_the_master(hooked):
    """The master waits without holding Python back."""
    code = """
import threading
stop = threading.Event()
def tick():
    number = 0
    while not stop.wait(0.05):
        number += 1
        with open(os.environ["HOOKS_FILE"] + ".ticks", "w") as file:
            file.write("%d." % number)
def when_ready(server):
    server.ticker = threading.Thread(target=tick, daemon=True)
    server.ticker.start()
def on_exit(server):
    stop.set()
    server.ticker.join()
"""
    run = hooked(add=code).ready()
    ticks = run.file.with_name("hooks.ticks")

    def number():
        text = ticks.read_text() if ticks.exists() else ""
        return int(text[:-1]) if text.endswith(".") else 0

    until(lambda: number() >= 3, "the thread runs")
    before = number()
    # Nobody wakes the idle master more often than once a second.
    until(lambda: number() >= before + 40, "it runs while the master waits", 15)
    assert run.stop() == 0


def test_prometheus_with_several_processes(hooked, tmp_path):
    pytest.importorskip("prometheus_client")
    folder = tmp_path / "metrics"
    folder.mkdir()
    code = """
from prometheus_client import multiprocess
def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
    note("child_exit", worker)
"""
    run = hooked(
        "-w", "2", app="metricsapp:app", add=code,
        env={"PROMETHEUS_MULTIPROC_DIR": str(folder), "prometheus_multiproc_dir": str(folder)},
    ).ready(2)  # fmt: skip

    def gauges():
        return {int(re.search(r"(\d+)\.db", f.name)[1]) for f in folder.glob("gauge_live*")}

    for _ in range(20):
        run.server.get("/count")
    text = run.server.get("/metrics").text
    assert "requests_seen_total 20.0" in text
    pid = sorted(gauges())[0]
    os.kill(pid, signal.SIGKILL)
    assert run.wait("child_exit")["worker"] == pid
    until(lambda: pid not in gauges(), "its gauges are gone")
    assert "requests_seen_total 20.0" in run.server.get("/metrics").text
