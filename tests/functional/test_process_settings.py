"""Settings about the processes themselves: daemon, user, sockets of their own, reload, names."""

import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import textwrap
from pathlib import Path

import pytest

from support import processes
from support.gunicorn import BINARY as GUNICORN
from support.rawhttp import Client, request_bytes
from support.server import APPS, BINARY, IS_UCORN, environ_with, free_port, run_to_end
from support.server import sanitizer_report
from support.users import needs_users
from support.waiting import DEADLINE, until


#: For gunicornapp: who the worker is.
WHO = """
    import os
    mask = os.umask(0)
    os.umask(mask)
    answer = {"uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(),
              "umask": mask, "home": os.environ.get("HOME"), "cwd": os.getcwd()}
    """


def ask(server, code):
    """What gunicornapp's `answer` is after the code."""
    with server.connect() as client:
        body = textwrap.dedent(code).encode()
        return client.request("POST", "/", body=body, fields=[("Connection", "close")]).json()


def someone():
    """A user that is not root, has a group of its own name, and can enter no closed folder."""
    user = pwd.getpwnam("nobody")
    return user, grp.getgrgid(user.pw_gid)


@pytest.fixture
def open_folder():
    """A folder that every user can write into; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o1777)
        yield Path(name)


# --- daemon


class Daemon:
    """A server that has gone into the background."""

    def __init__(
        self, work, *args, binary=BINARY, app="gunicornapp:app", under=(), **options
    ):
        self.work = work
        self.pidfile = work / "daemon.pid"
        self.log_file = work / "daemon.log"
        self.address = ("127.0.0.1", free_port())
        command = ["-D", "-p", self.pidfile, "-b", "%s:%d" % self.address, *args, app]
        if "-R" not in args:
            command[:0] = ["--error-logfile", self.log_file]
        command[:0] = [*under, binary]
        options.setdefault("cwd", APPS)
        with open(work / "out", "wb") as out, open(work / "err", "wb") as err:
            self.code = subprocess.run(
                list(map(str, command)), env=environ_with(options.pop("env", None)),
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=DEADLINE, check=False,
                **options,
            ).returncode  # fmt: skip

    def wait(self):
        self.pid = int(until(self._pid, "the pidfile"))
        self.session = processes.look(self.pid).session
        until(self._answers, "the daemon answers")
        return self

    def _pid(self):
        return self.pidfile.exists() and self.pidfile.read_text()

    def _answers(self):
        with contextlib.suppress(OSError):
            return Client(self.address).request("GET", "/", fields=[("Connection", "close")])

    def connect(self):
        return Client(self.address)

    @property
    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def workers(self):
        found = processes.of_session(self.session)
        return sorted(p.pid for p in found if p.parent == self.pid and p.state != "Z")

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        until(lambda: not processes.reap_orphans(self.session), "the daemon is gone")

    def kill(self):
        for process in processes.reap_orphans(self.session):
            os.kill(process.pid, signal.SIGKILL)
        until(lambda: not processes.reap_orphans(self.session), "the daemon is gone")


@pytest.fixture
def daemon(tmp_path):
    """daemon(*args) starts one and waits for it; it has to stop cleanly."""
    with contextlib.ExitStack() as stack:

        def start(*args, **options):
            server = Daemon(tmp_path, *args, **options).wait()
            stack.callback(server.kill)
            return server

        yield start
    for name in ("daemon.log", "err"):
        path = tmp_path / name
        assert not (path.exists() and sanitizer_report(path.read_text(errors="replace")))


@pytest.mark.parametrize("binary", [BINARY, GUNICORN], ids=["ucorn", "gunicorn"])
def test_daemon_is_detached(daemon, binary):
    server = daemon(binary=binary)
    state = processes.look(server.pid)
    assert server.code == 0
    assert server.session not in (server.pid, os.getsid(0)), "no session leader, and not ours"
    assert state.parent != 0 and (server.work / "err").read_text() == ""
    assert [os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in range(3)] == ["/dev/null"] * 3
    who = ask(server, WHO)
    assert who["umask"] == 0o22 and who["cwd"] == str(APPS)
    server.stop()
    assert not server.pidfile.exists()
    assert f"[{server.pid}] [INFO] Shutting down: Master" in server.log


@pytest.mark.ucorn_only
def test_daemon_says_on_the_terminal_what_is_wrong_with_settings(tmp_path):
    ended = run_to_end("-D", "-k", "nonsense", "wsgiapp:app")
    assert ended.code == 1 and "nonsense" in ended.stderr
    server = Daemon(tmp_path, "--chdir", "/no/such/folder")
    assert server.code != 0 and "/no/such/folder" in (tmp_path / "err").read_text()


@pytest.mark.ucorn_only
def test_daemon_logs_what_fails_later(tmp_path):
    """A pidfile that cannot be written: the terminal is gone by then."""
    server = Daemon(tmp_path, "-p", "/no/such/folder/pid")
    assert server.code == 0
    pattern = r"\[(\d+)\] \[ERROR\] /no/such/folder doesn't exist"
    found = until(lambda: re.search(pattern, server.log), "the log says it")
    master = processes.look(found[1])
    if master:
        until(lambda: not processes.reap_orphans(master.session), "it leaves")


def test_daemon_with_inherited_output(daemon, tmp_path):
    """Redirected output stays; input does not."""
    server = daemon("-R", "--error-logfile", "-")
    assert os.readlink(f"/proc/{server.pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{server.pid}/fd/2") == str(tmp_path / "err")
    assert "Listening at" in (tmp_path / "err").read_text()


def test_daemon_lets_workers_go_on_winch(daemon):
    server = daemon("-w", "2")
    os.kill(server.pid, signal.SIGWINCH)
    until(lambda: not server.workers(), "no workers")
    assert "graceful stop of workers" in server.log
    os.kill(server.pid, signal.SIGHUP)
    until(lambda: len(server.workers()) == 2, "workers again")
    server.stop()


# --- user, group, umask


@needs_users
@pytest.mark.parametrize("binary", [BINARY, GUNICORN], ids=["ucorn", "gunicorn"])
def test_workers_run_as_the_user(open_folder, daemon, binary):
    user, group = someone()
    server = daemon("-u", user.pw_name, "-g", group.gr_name, binary=binary)
    who = ask(server, WHO)
    assert who["uid"] == [user.pw_uid] * 3 and who["gid"] == [group.gr_gid] * 3
    assert who["home"] == os.environ.get("HOME"), "the environment is the master's"
    assert f"Uid:\t{os.getuid()}\t" in open(f"/proc/{server.pid}/status").read()
    server.stop()


@needs_users
@pytest.mark.ucorn_only
def test_roots_group_is_left(open_folder, serve):
    user, group = someone()
    server = serve(
        "gunicornapp:app", "-u", user.pw_uid, "-g", group.gr_gid,
        under=["setpriv", "--groups", "0,7"],
    )  # fmt: skip
    assert ask(server, WHO)["groups"] == [7]


@needs_users
def test_initgroups(open_folder, serve):
    user, group = someone()
    server = serve("gunicornapp:app", "-u", user.pw_name, "-g", group.gr_name, "--initgroups")
    who = ask(server, WHO)
    assert who["groups"] == sorted(os.getgrouplist(user.pw_name, group.gr_gid))
    if IS_UCORN:  # gunicorn forgets it
        assert who["gid"] == [group.gr_gid] * 3


@needs_users
def test_post_fork_has_the_masters_privileges(open_folder, serve):
    user, _ = someone()
    config = open_folder / "conf.py"
    config.write_text(
        "import os\ndef post_fork(server, worker): worker.uid_then = os.geteuid()\n"
        "def post_worker_init(worker): worker.log.info('%d, %d', worker.uid_then, os.geteuid())\n"
    )
    server = serve("wsgiapp:app", "-c", config, "-u", user.pw_name)
    server.wait_log(rf"\[INFO\] {os.geteuid()}, {user.pw_uid}$")


@needs_users
@pytest.mark.ucorn_only
def test_user_that_cannot_be_had(open_folder, serve):
    """A server that is not root's may name no user but its own."""
    user, group = someone()
    own = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={group.gr_gid}", "--clear-groups"]
    server = serve("wsgiapp:app", "-u", "1", under=own, probe=None)
    assert server.wait_exit() == 3
    server.wait_log(r"Worker failed to boot\.$")
    server.wait_log(r"\[ERROR\] The worker cannot change its user to 1: Operation not permitted\.")


@needs_users
def test_own_user_may_be_named(open_folder, serve):
    user, group = someone()
    own = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={group.gr_gid}", "--clear-groups"]
    server = serve("gunicornapp:app", "-u", user.pw_name, "-g", group.gr_name, under=own)
    assert ask(server, WHO)["uid"] == [user.pw_uid] * 3


@needs_users
def test_unix_socket_belongs_to_the_user(open_folder, serve):
    user, group = someone()
    path = open_folder / "sock"
    serve(
        "wsgiapp:app", "-u", user.pw_name, "-g", group.gr_name, "-m", "027", bind=[f"unix:{path}"]
    )
    found = path.stat()
    assert (found.st_uid, found.st_gid) == (user.pw_uid, group.gr_gid)
    assert stat.S_IMODE(found.st_mode) == 0o750


@pytest.mark.parametrize("umask, mode", [(None, 0o777), ("0o117", 0o660), ("63", 0o700)])
def test_umask_is_for_unix_sockets(serve, tmp_path, umask, mode):
    path, pidfile = tmp_path / "sock", tmp_path / "pid"
    args = ["-p", pidfile] + (["--umask", umask] if umask else [])
    serve("wsgiapp:app", *args, bind=[f"unix:{path}"])
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert stat.S_IMODE(pidfile.stat().st_mode) == 0o644


@needs_users
@pytest.mark.ucorn_only
def test_logs_are_the_users_to_reopen(open_folder, serve):
    user, group = someone()
    error, access = open_folder / "error.log", open_folder / "access.log"
    server = serve(
        "wsgiapp:app", "-u", user.pw_name, "-g", group.gr_name, "--error-logfile", error,
        "--access-logfile", access, errorlog=error,
    )  # fmt: skip
    for round_number in range(2):
        for path in (error, access):
            assert path.stat().st_uid == user.pw_uid, (round_number, path)
        os.rename(access, open_folder / "access.old")
        os.rename(error, open_folder / "error.old")
        server.signal(signal.SIGUSR1)
        until(lambda: access.exists() and error.exists(), "new files")
        until(lambda: server.get("/") and access.stat().st_size, "the worker writes there")
    assert "isn't writable" not in error.read_text()


@needs_users
@pytest.mark.ucorn_only
@pytest.mark.parametrize("link", ["symbolic", "hard", "folder"])
def test_a_log_behind_a_link_keeps_its_owner(open_folder, serve, link):
    """Whoever owns the folder of the log could have a file of root's given to him."""
    user, group = someone()
    target, log = open_folder / "roots", open_folder / "access.log"
    target.write_text("")
    if link == "symbolic":
        log.symlink_to(target)
    elif link == "hard":
        os.link(target, log)
    else:
        (open_folder / "logs").symlink_to(open_folder)
        log = open_folder / "logs" / "roots"
    server = serve("wsgiapp:app", "-u", user.pw_name, "-g", group.gr_name, "--access-logfile", log)
    assert server.get("/").status == 200
    server.signal_and_wait(signal.SIGUSR1)
    assert target.stat().st_uid == 0


# --- reuse_port


def listening(address):
    """How many sockets listen there."""
    lines = open("/proc/net/tcp").read().splitlines()
    return sum(f":{address[1]:04X} 00000000:0000 0A" in line for line in lines)


@pytest.mark.ucorn_only  # and gunicorn 26
def test_reuse_port_gives_each_worker_a_socket(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--reuse-port", "-w", "3")
    server.wait_workers(3)
    until(lambda: listening(server.address) == 3, "three sockets")
    assert server.in_log(rf"Listening at:  \({server.pid}\)$")
    assert not any(
        f"socket:[{inode}]" in os.readlink(f"/proc/{server.pid}/fd/{fd}")
        for fd in os.listdir(f"/proc/{server.pid}/fd")
        for inode in inodes(server.address)
    ), "the master has none"


def inodes(address):
    lines = open("/proc/net/tcp").read().splitlines()
    return [line.split()[9] for line in lines if f":{address[1]:04X} 00000000:0000 0A" in line]


@pytest.mark.ucorn_only
def test_reuse_port_shares_unix_sockets(serve, tmp_path):
    """Two workers cannot bind one path: under gunicorn the last one has it."""
    path = tmp_path / "sock"
    server = serve("gunicornapp:app", "--reuse-port", "-w", "2", bind=[f"unix:{path}"])
    server.wait_workers(2)
    pids = set()

    def both():
        pids.add(ask(server, "import os; answer = os.getpid()"))
        return len(pids) == 2

    until(both, "both workers answer")


BUSY = """
    import os, time
    answer = os.getpid()
    open({begun!r}, "w").close()
    while not os.path.exists({end!r}):
        time.sleep(0.01)
    """


@pytest.mark.ucorn_only
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_reuse_port_serves_what_waits_at_a_worker_that_leaves(serve, tmp_path, number):
    """Nobody else can: under gunicorn these clients are reset."""
    server = serve("gunicornapp:app", "--reuse-port")
    (pid,) = server.wait_workers(1)
    begun, end = tmp_path / "begun", tmp_path / "end"
    code = textwrap.dedent(BUSY.format(begun=str(begun), end=str(end))).encode()
    with server.connect() as busy, contextlib.ExitStack() as stack:
        busy.send(request_bytes("POST", "/", body=code))
        until(begun.exists, "the worker is busy")
        clients = [stack.enter_context(server.connect()) for _ in range(20)]
        for client in clients:
            client.send(request_bytes("POST", "/", body=b"import os; answer = os.getpid()"))
        server.signal_and_wait(number)
        if number == signal.SIGHUP:
            server.wait_workers(2)
        end.touch()
        assert [client.response().json() for client in [busy, *clients]] == [pid] * 21


@pytest.mark.ucorn_only
def test_reuse_port_with_a_port_that_is_taken(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        server = serve("wsgiapp:app", "--reuse-port", bind=[address], probe=None)
        assert server.wait_exit() == 3
    assert server.in_log("Connection in use: ", "Can't connect to", r"Worker failed to boot\.$")


@pytest.mark.ucorn_only
def test_reuse_port_is_what_worker_sockets_has(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text(
        "def post_fork(server, worker):\n"
        "    worker.log.info('SOCKETS %s', [str(s) for s in worker.sockets])\n"
    )
    server = serve("wsgiapp:app", "-c", config, "--reuse-port")
    server.wait_log(rf"SOCKETS \['{re.escape(server.url(''))}'\]")


# --- reload


def write(path, text, after=None):
    """An editor's save; the file's time is another one than before."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    if before:
        now = max(path.stat().st_mtime_ns, before + 1_000_000_000)
        os.utime(path, ns=(now, now))


SAYS = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"<%s>"]
"""


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "site_app.py").write_text(SAYS % "one")
    return folder


def says(server, text):
    def answer():
        with contextlib.suppress(OSError):
            response = server.get("/")
            return response if text in response.body else None

    return until(answer, f"it says {text!r}")


@pytest.mark.ucorn_only  # gunicorn does not see what changes right after its start
@pytest.mark.parametrize("engine", ["auto", "poll", "inotify"])
def test_reload_takes_new_code(serve, site, engine):
    server = serve("site_app:app", "--reload", "--reload-engine", engine, cwd=site)
    says(server, b"<one>")
    server.wait_log(r"\[WARNING\] Reloader is on\. Use in development only!$")
    for text in ("two", "three"):
        write(site / "site_app.py", SAYS % text)
        says(server, f"<{text}>".encode())
    server.wait_log(r"\[INFO\] Worker reloading: .*site_app\.py modified$")


HALF_WRITTEN = """
import pathlib, time
pathlib.Path("begun").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""


@pytest.mark.ucorn_only
@pytest.mark.parametrize("engine", ["poll", "inotify"])
def test_reload_of_a_file_that_was_imported_half_written(serve, site, engine):
    server = serve("site_app:app", "--reload", "--reload-engine", engine, cwd=site)
    write(site / "site_app.py", HALF_WRITTEN)
    until((site / "begun").exists, "the import has begun")
    write(site / "site_app.py", SAYS % "whole")
    (site / "go").touch()
    says(server, b"<whole>")


@pytest.mark.ucorn_only
def test_reload_of_an_application_that_writes_what_it_imports(serve, site):
    (site / "made.py").write_text("")
    made = "import made\nwith open(made.__file__, 'a') as file:\n    file.write('# more\\n')\n"
    (site / "site_app.py").write_text(made + SAYS % "one")
    server = serve("site_app:app", "--reload", cwd=site)
    says(server, b"<one>")
    for text in ("two", "three"):  # whatever else has changed is told of in the same look
        write(site / "site_app.py", made + SAYS % text)
        says(server, f"<{text}>".encode())
    assert server.log.count("Worker reloading") == 2
    assert "made.py modified" not in server.log


@pytest.mark.ucorn_only
def test_reload_replaces_all_workers_and_calls_worker_int(serve, site, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text(
        "def worker_int(worker): worker.log.info('INT %s', worker.alive)\n"
        "def post_worker_init(worker): worker.log.info('INIT')\n"
    )
    server = serve("site_app:app", "--reload", "-w", "2", "-c", config, cwd=site)
    before = server.wait_workers(2)
    until(lambda: server.log.count("INIT") == 2, "both watch")
    says(server, b"<one>")
    write(site / "site_app.py", SAYS % "two")
    server.wait_workers(2, other_than=before)
    until(lambda: server.log.count("INT False") == 2, "both have called the hook")


@pytest.mark.ucorn_only
def test_reload_of_extra_files(serve, site):
    """A pattern (gunicorn has them since 26.1) finds files that are made later, too."""
    (site / "one.txt").write_text("1")
    server = serve(
        "site_app:app", "--reload", "--reload-extra-file", site / "one.txt",
        "--reload-extra-file", site / "sub/**/*.html", cwd=site,
    )  # fmt: skip
    (before,) = server.wait_workers(1)
    write(site / "one.txt", "2")
    (before,) = server.wait_workers(1, other_than=[before])
    server.wait_log(r"Worker reloading: .*one\.txt modified$")
    (site / "sub/a").mkdir(parents=True)
    says(server, b"<one>")
    (site / "sub/a/b.html").write_text("1")
    until(lambda: touched(server, site / "sub/a/b.html", before), "another worker")
    server.wait_log(r"Worker reloading: .*sub/a/b\.html modified$")


def touched(server, path, before):
    """The watcher may not have seen the file yet: each time with another time."""
    write(path, "2")
    return server.workers() and before not in server.workers()


@pytest.mark.ucorn_only  # and gunicorn 26
def test_reload_serves_a_syntax_error(serve, site):
    (site / "site_app.py").write_text("def app(:\n")
    server = serve("site_app:app", "--reload", cwd=site)
    response = says(server, b"SyntaxError")
    assert response.status == 500
    assert response.get("Content-Type").startswith("text/plain")
    server.wait_log("^SyntaxError: ")
    write(site / "site_app.py", SAYS % "one")
    assert says(server, b"<one>").status == 200


@pytest.mark.ucorn_only
def test_reload_serves_any_error_once_it_has_worked(serve, site):
    """Under gunicorn this ends the server."""
    (site / "helper.py").write_text("NAME = 'one'\n")
    (site / "site_app.py").write_text("import helper\n" + SAYS % "one" + "helper.NAME\n")
    server = serve("site_app:app", "--reload", cwd=site)
    says(server, b"<one>")
    write(site / "helper.py", "import no_such_module\n")
    assert b"no_such_module" in says(server, b"Traceback").body
    write(site / "helper.py", "NAME = 'two'\n")
    says(server, b"<one>")


def test_reload_of_an_application_that_never_worked(serve, site):
    (site / "site_app.py").write_text("import no_such_module\n")
    server = serve("site_app:app", "--reload", cwd=site, probe=None)
    assert server.wait_exit() == 3


@pytest.mark.ucorn_only
def test_reload_with_preload_warns(serve):
    server = serve("wsgiapp:app", "--reload", "--preload")
    server.wait_log(r"\[WARNING\] The application is preloaded: ")


# --- the other ones


def test_spew_prints_lines(serve, site):
    server = serve("site_app:app", "--spew", cwd=site)
    says(server, b"<one>")
    server.stop()
    assert "site_app:3:     start_response(" in server.stdout


@pytest.mark.parametrize("args, env, used", [
    ([], {}, True), (["--no-sendfile"], {}, False), ([], {"SENDFILE": "no"}, False),
    ([], {"SENDFILE": "yes"}, True),
])  # fmt: skip
def test_sendfile(serve, backend, tmp_path, args, env, used):
    data = tmp_path / "data"
    data.write_bytes(bytes(range(256)) * 64)
    (tmp_path / "file_app.py").write_text(f"""
def app(environ, start_response):
    file = open({str(data)!r}, "rb")
    start_response("200 OK", [("Content-Length", "{data.stat().st_size}")])
    return environ["wsgi.file_wrapper"](file)
""")
    server = serve("file_app:app", "-k", backend, *args, env=env, cwd=tmp_path)
    assert server.get("/").body == data.read_bytes()
    if IS_UCORN and shutil.which("strace"):
        assert uses_sendfile(server) == used


def uses_sendfile(server):
    (pid,) = server.workers()
    with subprocess.Popen(
        ["strace", "-f", "-e", "trace=sendfile,sendto,write,writev,sendmsg", "-p", str(pid)],
        stderr=subprocess.PIPE, text=True,
    ) as trace:  # fmt: skip
        if "attached" not in trace.stderr.readline():
            pytest.skip("strace may not look at processes here")
        server.get("/")
        trace.terminate()
        return "sendfile(" in trace.stderr.read()


def test_chdir_is_where_the_application_is(serve, site):
    server = serve("site_app:app", "--chdir", site)
    says(server, b"<one>")


def test_chdir_of_the_configuration_file(serve, site, tmp_path):
    """Both folders are on sys.path, that of the setting first."""
    start = tmp_path / "start"
    start.mkdir()
    (start / "conf.py").write_text(f"chdir = {str(site)!r}\npythonpath = 'lib,/opt/x'\n")
    (site / "site_app.py").write_text(
        "import json, os, sys\nPATH = json.dumps([os.getcwd()] + sys.path[:4]).encode()\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n    return [PATH]\n"
    )
    server = serve("site_app:app", "-c", "conf.py", cwd=start)
    assert server.get("/").json() == list(
        map(str, [site, "/opt/x", site / "lib", site, start])
    )


@pytest.mark.ucorn_only
def test_names(serve, site, tmp_path):
    """proc_name, else the application's name as it stands on the command line."""
    server = serve("wsgiapp:app", "-n", "shop")
    assert title(server.pid) == "ucorn: master [shop]"
    assert title(server.workers()[0]) == "ucorn: worker [shop]"
    assert title(serve("wsgiapp:app").pid) == "ucorn: master [wsgiapp:app]"
    config = tmp_path / "conf.py"
    config.write_text("wsgi_app = 'site_app:app'\n")
    server = serve(None, "-c", config, cwd=site)
    assert title(server.pid) == "ucorn: master [ucorn]"
    config.write_text("wsgi_app = 'site_app:app'\ndefault_proc_name = 'till'\n")
    server.signal_and_wait(signal.SIGHUP)
    until(lambda: title(server.pid) == "ucorn: master [till]", "the other name")


def title(pid):
    return open(f"/proc/{pid}/cmdline").read().rstrip("\0")


def test_server_software_in_the_environment(serve):
    server = serve("gunicornapp:app")
    variable = ask(server, "import os; answer = os.environ['SERVER_SOFTWARE']")
    assert variable == ask(server, "answer = environ['SERVER_SOFTWARE']")
    assert variable.startswith("gunicorn/")


@pytest.mark.ucorn_only
def test_worker_tmp_dir_is_not_needed(serve):
    server = serve("wsgiapp:app", "--worker-tmp-dir", "/no/such/folder", "--log-level", "debug")
    assert server.in_log(r"\[DEBUG\].*worker_tmp_dir")
