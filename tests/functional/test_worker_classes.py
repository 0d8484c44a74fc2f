"""Worker classes of the user's: those of uvicorn and aiohttp, one's own, and such that inherit
from gunicorn's stock classes."""

import os
import re
import signal

import pytest

from support.server import APPS, FOREIGN_LEAKS, run_to_end
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.master]

INSTALLED = "--use-installed-gunicorn"

HOOKS = """
order = []
def seen(hook, worker):
    worker.log.info("%s: %s %s %r %s", hook, type(worker).__name__, worker.__dict__.get("mark"),
                    worker.booted, "me" if worker.pid == __import__("os").getpid() else "it")
def pre_fork(server, worker):
    worker.mark = worker.age
    seen("pre_fork", worker)
def post_fork(server, worker): seen("post_fork", worker)
def post_worker_init(worker): seen("post_worker_init", worker)
def worker_int(worker): seen("worker_int", worker)
def worker_abort(worker): seen("worker_abort", worker)
def worker_exit(server, worker): seen("worker_exit", worker)
def child_exit(server, worker): seen("child_exit", worker)
"""


@pytest.fixture
def hooked(tmp_path):
    """A configuration file with all hooks of a worker."""
    config = tmp_path / "hooks.py"
    config.write_text(HOOKS)
    return config


def pid_of(server, path="/"):
    return int(server.get(path).get("X-Pid"))


# Classes that others have written.

ASGI = [("uvicorn.workers.UvicornWorker", "asgiapp:app"),
        ("uvicorn.workers.UvicornH11Worker", "asgiapp:app"),
        ("aiohttp.GunicornWebWorker", "aioapp:make")]  # fmt: skip


@pytest.mark.parametrize("package", [[], [INSTALLED]], ids=["embedded", "installed"])
@pytest.mark.parametrize("name, app", ASGI, ids=lambda item: item.rpartition(".")[2])
def test_known_classes(serve, name, app, package):
    server = serve(app, "-k", name, "--access-logfile", "-", *package, env=FOREIGN_LEAKS)
    assert f"Using worker: {name}\n" in server.log
    with server.connect() as client:
        assert client.request("GET", "/a").text == "GET /a "
        assert client.request("POST", "/b", body=b"text").text == "POST /b text"
    server.wait_stdout(r"GET /a HTTP/1.1")
    (worker,) = server.wait_workers(1)
    server.signal_and_wait(signal.SIGUSR1)
    assert pid_of(server) == worker
    server.signal(signal.SIGHUP)
    server.wait_workers(1, other_than=[worker])
    assert pid_of(server) != worker
    server.stop()
    assert "was sent" not in server.log and "Traceback" not in server.log
    assert len(re.findall(r"Worker exiting \(pid: ", server.log)) == 2
    if app.startswith("asgi"):
        assert server.stderr.count("lifespan startup") == 2
        assert server.stderr.count("lifespan shutdown") == 2


def test_lifespan_that_fails_is_a_boot_that_fails(serve):
    env = FOREIGN_LEAKS | {"LIFESPAN_FAILS": "1"}
    server = serve("asgiapp:app", "-k", ASGI[0][0], env=env, probe=None)
    assert server.wait_exit() == 3
    assert "no database" in server.log and "Reason: Worker failed to boot." in server.log


def test_lifespan_that_fails_at_a_reload(serve, tmp_path):
    """What happens before the first sign of life belongs to the boot."""
    config = tmp_path / "conf.py"
    config.write_text("")
    server = serve("asgiapp:app", "-k", ASGI[0][0], "-c", config, env=FOREIGN_LEAKS)
    worker = pid_of(server)
    config.write_text("raw_env = ['LIFESPAN_FAILS=1']")
    server.signal(signal.SIGHUP)
    server.wait_log("The new generation failed to boot; the previous workers keep serving")
    assert pid_of(server) == worker
    server.opened["file"] = 2  # standard output and error of the former settings


def test_uvicorn_with_the_reloader(serve, tmp_path):
    (tmp_path / "changing.py").write_text("from asgiapp import app\n")
    options = ["-k", ASGI[0][0], "--reload", "--pythonpath", APPS]
    server = serve("changing:app", *options, cwd=tmp_path, env=FOREIGN_LEAKS)
    worker = pid_of(server)
    (tmp_path / "changing.py").write_text("from asgiapp import app  # again\n")
    server.wait_workers(1, other_than=[worker])
    server.wait_log(f"lifespan shutdown {worker}")


HALF_WRITTEN = """
import pathlib, time
try:
    import part
except SyntaxError:
    pathlib.Path("begun").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    raise
from workerclasses import app
"""


def test_reload_of_a_file_that_was_imported_half_written(serve, tmp_path):
    (tmp_path / "changing.py").write_text(HALF_WRITTEN)
    (tmp_path / "part.py").write_text("def half(")
    options = ["-k", "workerclasses.Plain", "--reload", "--pythonpath", APPS]
    server = serve("changing:app", *options, cwd=tmp_path, probe=None)
    until((tmp_path / "begun").exists, "the import has begun")
    (tmp_path / "part.py").write_text("whole = True\n")
    (tmp_path / "go").touch()
    until(lambda: (a := server._answers("/")) and a.status == 200, "what is whole is served")


def test_uvicorn_after_max_requests(serve):
    options = ["-k", ASGI[0][0], "--max-requests", "3"]
    server = serve("asgiapp:app", *options, env=FOREIGN_LEAKS, probe=None)
    first = server.wait_answer().get("X-Pid")
    until(lambda: (a := server._answers("/")) and a.get("X-Pid") != first, "another worker")
    assert "before it could serve" not in server.log and "right after" not in server.log


def test_uvicorn_that_hangs(serve):
    server = serve("asgiapp:app", "-k", ASGI[0][0], "--timeout", "1", env=FOREIGN_LEAKS)
    (worker,) = server.wait_workers(1)
    with server.connect() as client:
        client.send(b"GET /hang HTTP/1.1\r\nHost: h\r\n\r\n")
        server.wait_log(rf"WORKER TIMEOUT \(pid:{worker}\)")
        server.wait_workers(1, other_than=[worker])
    assert server.wait_answer().status == 200
    server.wait_log(rf"Worker \(pid:{worker}\) was sent SIGABRT!")
    server.wait_log('File ".*asgiapp.py", line .* in app')


# One's own.


def test_hooks_get_the_object(serve, hooked):
    server = serve("workerclasses:app", "-k", "workerclasses.Plain", "-c", hooked)
    assert server.get("/x").text == "GET /x "
    server.stop()
    told = re.findall(r"(\w+): (\w+) (\d) (\w+) (\w+)$", server.log, re.M)
    assert [hook for hook, *_ in told] == [
        "pre_fork", "post_fork", "post_worker_init", "worker_exit", "child_exit"
    ]  # fmt: skip
    assert {(kind, mark) for _, kind, mark, *_ in told} == {("Plain", "1")}
    assert [(booted, who) for *_, booted, who in told] == [
        ("False", "it"), ("False", "me"), ("False", "me"), ("True", "me"), ("False", "it")
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["INT", "QUIT", "ABRT", "TERM", "USR1"])
def test_signals_are_the_class_s(serve, hooked, name):
    server = serve("workerclasses:app", "-k", "workerclasses.Plain", "-c", hooked)
    (worker,) = server.wait_workers(1)
    os.kill(worker, getattr(signal, "SIG" + name))
    if name == "USR1":
        assert pid_of(server) == worker
        return
    server.wait_workers(1, other_than=[worker])
    server.wait_log("child_exit: Plain")
    hook = {"TERM": "worker_exit", "ABRT": "worker_abort"}.get(name, "worker_int")
    assert f"{hook}: Plain" in server.log
    assert ("exited with code 1" in server.log) == (name == "ABRT")
    assert "was sent" not in server.log


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_a_class_that_ends_by_its_signal(serve, hooked, name):
    """As uvicorn's does."""
    server = serve("workerclasses:app", "-k", "workerclasses.Resender", "-c", hooked)
    (worker,) = server.wait_workers(1)
    os.kill(worker, getattr(signal, "SIG" + name))
    server.wait_workers(1, other_than=[worker])
    server.wait_log("child_exit: Resender")
    assert server.in_log(rf"Worker exiting \(pid: {worker}\)", "worker_exit: Resender 1 True me")
    assert "was sent" not in server.log and "exited with" not in server.log


def test_max_requests(serve):
    server = serve("workerclasses:app", "-k", "workerclasses.Plain", "--max-requests", "3")
    first = pid_of(server)  # the second: the first one was the probe's
    assert pid_of(server) == first
    server.wait_workers(1, other_than=[first])
    server.wait_log("Autorestarting worker after current request.")
    assert pid_of(server) != first
    assert "Next try" not in server.log


def test_a_worker_that_hangs(serve, hooked):
    options = ["-k", "workerclasses.Mute", "-c", hooked, "--timeout", "1"]
    server = serve("workerclasses:app", *options, probe=None)
    (worker,) = server.wait_workers(1)
    assert server.wait_answer("/").status == 200
    server.wait_log(rf"WORKER TIMEOUT \(pid:{worker}\)")
    server.wait_log("worker_abort: Mute")
    server.wait_workers(1, other_than=[worker])


@pytest.mark.full
def test_a_heartbeat_that_is_touched(serve):
    server = serve("workerclasses:app", "-k", "workerclasses.Toucher", "--timeout", "1")
    server.wait_log("touched for some time")
    assert "TIMEOUT" not in server.log
    (worker,) = server.wait_workers(1)
    with server.connect() as client:
        client.send(b"GET /hang HTTP/1.1\r\nHost: h\r\n\r\n")
        server.wait_log(rf"WORKER TIMEOUT \(pid:{worker}\)")
        server.wait_workers(1, other_than=[worker])


def test_reuse_port(serve):
    server = serve("workerclasses:app", "-k", "workerclasses.Plain", "--reuse-port", "-w", "2")
    server.wait_workers(2)
    assert server.get("/x").text == "GET /x "


def test_the_user_is_changed_by_the_class(serve):
    if os.geteuid() != 0:
        pytest.skip("only root can change the user")
    options = ["--user", "65534", "--group", "65534"]
    for name in ("Plain", "Audible"):
        server = serve("workerclasses:app", "-k", f"workerclasses.{name}", *options)
        assert os.stat(f"/proc/{pid_of(server)}").st_uid == 65534


# Which class it is.


def test_class_object_in_the_configuration(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text(
        "from workerclasses import Plain\n"
        "class Local(Plain):\n"
        "    def serve(self, listener):\n"
        "        self.log.info('Local serves')\n"
        "        super().serve(listener)\n"
        "worker_class = Local\n"
    )
    server = serve("workerclasses:app", "-c", config)
    assert "Using worker: __config__.Local\n" in server.log
    assert "Local serves" in server.log


@pytest.mark.parametrize("name", ["egg:fleet#plain", "plain"])
def test_entry_point(serve, tmp_path, name):
    info = tmp_path / "fleet-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fleet\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[gunicorn.workers]\nplain = workerclasses:Plain\n")
    server = serve("workerclasses:app", "-k", name, env={"PYTHONPATH": str(tmp_path)})
    assert server.get("/x").text == "GET /x "


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("no.such.Class", "cannot be loaded: ModuleNotFoundError: No module named 'no'"),
        ("workerclasses.Nope", "module 'workerclasses' has no attribute 'Nope'"),
        ("egg:nothing#x", "cannot be loaded: PackageNotFoundError: "),
        ("broken.Class", "cannot be loaded: "),
        ("workerclasses.NoWorker", "it is no class that inherits from gunicorn.workers.base.Work"),
        ("workerclasses.app", "it is no class that inherits from gunicorn.workers.base.Worker."),
        ("workerclasses.NoRun", "it has no method run()"),
        ("workerclasses.Inner", "Inner overrides SyncWorker.handle_request, but here requests ar"),
        ("workerclasses.OwnLoop", "OwnLoop overrides SyncWorker.run, but here requests are serve"),
        ("gunicorn.workers.base_async.AsyncWorker", "setting use_installed_gunicorn lets the"),
    ],
)
def test_classes_that_cannot_be(name, sentence):
    ended = run_to_end("-k", name, "-b", "127.0.0.1:0", "workerclasses:app")
    assert ended.code == 1
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith(f"Error: worker_class {name}") and sentence in line


@pytest.mark.parametrize(
    "name, app, code, said",
    [
        ("BadBirth", "app", 3, "OSError: no room for a worker"),
        ("NeverStarts", "app", 3, "OSError: no start today"),
        ("Plain", "nope", 4, "Failed to find attribute 'nope' in 'workerclasses'."),
        ("Audible", "nope", 4, "Failed to find attribute 'nope' in 'workerclasses'."),
    ],
)
def test_boots_that_fail(serve, name, app, code, said):
    server = serve(f"workerclasses:{app}", "-k", f"workerclasses.{name}", probe=None)
    assert server.wait_exit() == code
    assert said in server.stderr


def test_reload(serve, tmp_path):
    """From one class to the other, and to none."""
    config = tmp_path / "conf.py"
    config.write_text("worker_class = 'sync'")
    server = serve("workerclasses:app", "-c", config)

    def change(text):
        before = server.workers()
        config.write_text(text)
        server.signal(signal.SIGHUP)
        server.wait_workers(1, other_than=before)
        return pid_of(server)

    assert server.get("/").get("Server") == "ucorn"
    worker = change("worker_class = 'workerclasses.Plain'")
    assert server.get("/").get("Server") is None
    for wrong, why in [
        ("workerclasses.Nope", "has no attribute 'Nope'"),
        ("workerclasses.Inner", "Inner overrides SyncWorker.handle_request"),
    ]:
        config.write_text(f"worker_class = {wrong!r}")
        server.signal(signal.SIGHUP)
        server.wait_log(f"The reload was given up, the server goes on as before: .*{why}")
    for name, what in [
        ("BadBirth", "No worker can be made of the worker class; next try in 1.0 s."),
        ("NeverStarts", "The new generation failed to boot; the previous workers keep serving"),
    ]:
        config.write_text(f"worker_class = 'workerclasses.{name}'")
        server.signal(signal.SIGHUP)
        server.wait_log(what)
    assert pid_of(server) == worker
    os.kill(worker, signal.SIGKILL)
    server.wait_log("another one is started with the settings of that time")
    assert server.wait_answer().get("Server") is None
    change("worker_class = 'sync'")
    assert server.get("/").get("Server") == "ucorn"


def test_settings_that_a_class_cannot_know(serve):
    options = ["-k", "workerclasses.Plain", "--request-timeout", "5"]
    server = serve("workerclasses:app", *options)
    assert "request_timeout has no effect: workerclasses.Plain serves requests" in server.log


# Classes that inherit from the stock ones.


@pytest.mark.parametrize("name", ["Audible", "AudibleThreads"])
def test_overrides_that_go_on_to_super(serve, hooked, name):
    server = serve("workerclasses:app", "-k", f"workerclasses.{name}", "-c", hooked)
    assert f"Using worker: workerclasses.{name}\n" in server.log
    answer = server.get("/x")
    assert answer.get("Server") == "ucorn"
    assert answer.text == "GET /x:2 "
    (worker,) = server.wait_workers(1)
    os.kill(worker, signal.SIGUSR2)
    server.wait_log(r"Told.usr2 by me")
    server.wait_log(r"Told.notify by me")
    server.stop()
    assert server.in_log(
        f"pre_fork: {name} 1 False it", f"post_fork: {name} 1 False me",
        "Told.init_process by me", f"post_worker_init: {name} 1 False me", "Told.run by me",
        "Told.handle_exit by me", "Told.ran by me", f"worker_exit: {name} 1 True me",
        f"child_exit: {name} 1",
    )  # fmt: skip


@pytest.mark.parametrize("name, hook", [("QUIT", "worker_int"), ("ABRT", "worker_abort")])
def test_overrides_of_handlers(serve, hooked, name, hook):
    server = serve("workerclasses:app", "-k", "workerclasses.Audible", "-c", hooked)
    (worker,) = server.wait_workers(1)
    with server.connect() as client:
        client.send(b"GET /hang HTTP/1.1\r\nHost: h\r\n\r\n")
        server.wait_log("^hangs$")
        os.kill(worker, getattr(signal, "SIG" + name))
        server.wait_workers(1, other_than=[worker])
    assert f"{hook}: Audible 1" in server.log
    assert "Told.handle_" in server.log


def test_a_subclass_gets_tired(serve):
    server = serve("workerclasses:app", "-k", "workerclasses.Audible", "--max-requests", "2")
    first = pid_of(server)
    server.wait_workers(1, other_than=[first])
    assert pid_of(server) != first


@pytest.mark.parametrize("options", [["--preload"], ["--threads", "2"]], ids=lambda item: item[0])
def test_a_subclass_with_options(serve, options):
    """What is preloaded is what it serves; threads are nothing to it, as under gunicorn."""
    server = serve("workerclasses:app", "-k", "workerclasses.Audible", *options)
    assert server.get("/x").text == "GET /x:2 "


def test_a_subclass_as_a_whole_on_the_installed_package(serve):
    server = serve("workerclasses:app", "-k", "workerclasses.Inner", INSTALLED)
    answer = server.get("/x")
    assert answer.text == "GET /x yes"
    assert answer.get("Server") == "gunicorn"


def test_a_subclass_that_watches_itself(serve):
    """notify() is where people look at memory."""
    server = serve("workerclasses:app", "-k", "workerclasses.Audible")
    (worker,) = server.wait_workers(1)
    for _ in range(10):
        server.wait_answer("/x")
    server.wait_workers(1, other_than=[worker])
    server.wait_log("Told.notify by me")


def test_a_subclass_and_log_files_that_are_rotated(serve, tmp_path):
    log, old = tmp_path / "access", tmp_path / "access.1"
    server = serve("workerclasses:app", "-k", "workerclasses.Audible", "--access-logfile", log)
    log.rename(old)
    server.signal(signal.SIGUSR1)
    until(lambda: server.get("/x") and log.exists() and "GET /x" in log.read_text(), "a new file")


@pytest.mark.parametrize("package", [[], [INSTALLED]], ids=["embedded", "installed"])
def test_wrapped_methods_of_stock_classes(serve, tmp_path, package):
    """What agents do has no effect, and the log says so."""
    config = tmp_path / "conf.py"
    config.write_text(
        "def post_fork(server, worker):\n"
        "    import functools\n"
        "    from gunicorn.workers.sync import SyncWorker\n"
        "    inner = SyncWorker.handle_request\n"
        "    @functools.wraps(inner)\n"
        "    def outer(*args): return inner(*args)\n"
        "    SyncWorker.handle_request = outer\n"
    )
    server = serve("workerclasses:app", "-c", config, *package)
    server.wait_log(
        r"\[WARNING\] gunicorn.workers.sync was changed \(SyncWorker.handle_request\), which has no"
    )
