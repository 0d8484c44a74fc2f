"""USR2: another master, perhaps another program, takes over without a pause."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from support import processes
from support.load import Load
from support.rawhttp import Client
from support.server import APPS, BINARY, Server, free_port
from support.upgrade import begin_upgrade, stop_old, upgrade
from support.waiting import until
from test_load import STEADY
from test_process_settings import Daemon, ask, daemon  # noqa: F401, a fixture

pytestmark = [pytest.mark.ucorn_only, pytest.mark.master]


@pytest.fixture
def start(serve, tmp_path):
    """start(config, *args) serves gunicornapp with these lines of configuration."""

    def start(config="", *args, **options):
        file = tmp_path / "conf.py"
        file.write_text(textwrap.dedent(config))
        return serve("gunicornapp:app", "-c", file, *args, **options)

    return start


def pid_that_serves(address):
    with Client(address) as client:
        fields = [("Connection", "close")]
        return int(client.request("GET", "/pid", fields=fields).text)


def wait_served_by(server, pids):
    """Whoever of the server's masters accepts: one of the processes answers."""
    until(lambda: pid_that_serves(server.address) in pids, f"{pids} serve")


def wait_pidfile(path, pid):
    """The old master removes it, the new one puts its own there."""

    def is_there():
        with contextlib.suppress(FileNotFoundError):
            return path.read_text() == f"{pid}\n"

    until(is_there, f"{pid} is in the pidfile")


# The way of two masters.


def test_both_serve_and_the_new_one_stays(serve, backend, tmp_path):
    pidfile, second = tmp_path / "pid", tmp_path / "pid.2"
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", "-p", pidfile, "-n", "name")
    old_workers = server.wait_workers(2)
    new = upgrade(server, workers=2)
    assert pidfile.read_text() == f"{server.pid}\n" and second.read_text() == f"{new.pid}\n"
    assert new.title == "ucorn: master [name.2]" and new.parent == server.pid
    for pid in new.workers():
        title = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
        assert title == b"ucorn: worker [name.2]"
    new.wait_log(rf"Listening at: {server.url('')} \({new.pid}\)$")
    wait_served_by(server, new.workers())
    wait_served_by(server, old_workers)

    stop_old(server)
    new.wait_promoted()
    wait_pidfile(pidfile, new.pid)
    until(lambda: not second.exists(), "the pidfile has its name")
    assert new.title == "ucorn: master [name]"
    assert pid_that_serves(server.address) in new.workers()
    new.stop()
    assert not pidfile.exists()


def test_nothing_is_lost(serve, backend, tmp_path):
    journal = tmp_path / "journal"
    server = serve(
        "loadapp:app", "-k", backend, "-w", "2", env={"LOAD_JOURNAL": str(journal)}
    )
    with Load(server) as load:
        load.wait_answered(STEADY)
        new = upgrade(server, workers=2)
        load.wait_answered(STEADY)
        stop_old(server)
        new.wait_promoted()
        load.wait_answered(STEADY)
        third = upgrade(server, workers=2, master=new)
        new.signal(signal.SIGTERM)
        third.wait_promoted()
        load.wait_answered(STEADY)
    load.check_nothing_was_lost(journal)
    third.stop()


def test_one_upgrade_at_a_time(serve):
    server = serve("wsgiapp:app")
    new = upgrade(server)
    server.signal(signal.SIGUSR2)
    server.wait_log(rf"\[{server.pid}\] \[WARNING\] USR2 signal ignored\. Child exists\.$")
    new.signal(signal.SIGUSR2)
    new.wait_log(r"USR2 signal ignored\. Parent exists\.$")
    stop_old(server)
    new.wait_promoted()
    third = upgrade(server, master=new)
    assert third.parent == new.pid
    new.signal(signal.SIGTERM)
    third.wait_promoted()
    third.stop()


def test_going_back(serve, tmp_path):
    pidfile = tmp_path / "pid"
    server = serve("wsgiapp:app", "-p", pidfile)
    workers = server.workers()
    new = upgrade(server)
    new.signal(signal.SIGTERM)
    server.wait_log(rf"\[{new.pid}\] \[INFO\] Shutting down: Master\.2$")
    server.wait_log(rf"\[INFO\] The new master \(pid:{new.pid}\) has left\. This one goes on\.$")
    assert pidfile.read_text() == f"{server.pid}\n" and not (tmp_path / "pid.2").exists()
    assert server.workers() == workers and server.get("/").text == "hello"
    again = upgrade(server)
    stop_old(server)
    again.wait_promoted()
    again.stop()


def test_killed_new_master(serve, tmp_path):
    server = serve("wsgiapp:app", "-p", tmp_path / "pid", "-t", "4")
    new = upgrade(server)
    new.signal(signal.SIGKILL)
    server.wait_log(rf"\[ERROR\] The new master \(pid:{new.pid}\) was ended by SIGKILL\.")
    until(lambda: not (tmp_path / "pid.2").exists(), "its pidfile goes, too")
    until(lambda: len(processes.reap_orphans(server.pid)) == 2, "its worker leaves, too")
    assert server.get("/").text == "hello"


def test_killed_old_master(serve, tmp_path):
    """Its stale pidfile is replaced."""
    pidfile = tmp_path / "pid"
    server = serve("wsgiapp:app", "-p", pidfile, "-t", "4")
    new = upgrade(server)
    server.signal(signal.SIGKILL)
    new.wait_promoted()
    wait_pidfile(pidfile, new.pid)
    assert server.wait_exit() == -signal.SIGKILL
    new.wait_log(r"Master has been promoted")
    assert "[ERROR]" not in server.log
    new.stop()


@pytest.mark.parametrize("broken", ["raise SystemExit(7)", "workers = 'many'", "wsgi_app = 'no_x:y'"])
def test_new_master_that_fails(serve, tmp_path, broken):
    config = tmp_path / "conf.py"
    config.write_text("wsgi_app = 'wsgiapp:app'\n")
    server = serve(None, "-c", config)
    config.write_text(broken)
    begin_upgrade(server)
    server.wait_log(
        r"\[ERROR\] The upgrade has failed: the new master \(pid:\d+\) exited with code [137]\. "
        r"This one goes on\.$"
    )
    assert server.get("/").text == "hello"
    config.write_text("wsgi_app = 'wsgiapp:app'\n")
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    new.stop()


def test_hup_of_both(serve, tmp_path):
    """A reload of the new one changes its name and its files only as far as they are .2."""
    config = tmp_path / "conf.py"
    config.write_text(f"pidfile = '{tmp_path}/a'\n")
    server = serve("wsgiapp:app", "-c", config)
    new = upgrade(server)
    config.write_text(f"pidfile = '{tmp_path}/b'\nproc_name = 'other'\n")
    before = new.workers()
    new.signal(signal.SIGHUP)
    new.wait_log(r"Hang up: Master\.2$")
    new.wait_workers(1, other_than=before)
    assert sorted(path.name for path in tmp_path.glob("[ab]*")) == ["a", "b.2"]
    assert new.title == "ucorn: master [other.2]"
    before = set(server.workers()) - {new.pid}
    server.signal(signal.SIGHUP)
    until(lambda: (tmp_path / "b").exists(), "the old one has another pidfile")
    until(lambda: not before & set(server.workers()), "other workers")
    stop_old(server)
    new.wait_promoted()
    wait_pidfile(tmp_path / "b", new.pid)
    new.stop()


def test_daemon(daemon, tmp_path):  # noqa: F811
    """It does not go into the background again, and WINCH is the way back."""
    server = daemon("-w", "2", app="wsgiapp:app")
    os.kill(server.pid, signal.SIGUSR2)
    second = tmp_path / "daemon.pid.2"
    new = int(until(lambda: second.exists() and second.read_text(), "the second pidfile"))
    assert processes.look(new).parent == server.pid

    def workers():
        found = processes.of_session(server.session)
        return [p.pid for p in found if p.parent == new and p.state != "Z"]

    until(lambda: len(workers()) == 2, "it has workers")
    os.kill(server.pid, signal.SIGWINCH)
    until(lambda: server.workers() == [new], "the old one has none")
    wait_served_by(server, workers())
    os.kill(server.pid, signal.SIGHUP)
    until(lambda: len(server.workers()) == 3, "the old one has workers again")
    os.kill(new, signal.SIGWINCH)
    until(lambda: not workers(), "the new one is a daemon, too")
    os.kill(new, signal.SIGHUP)
    until(lambda: len(workers()) == 2, "the new one has workers again")
    os.kill(server.pid, signal.SIGTERM)
    wait_pidfile(server.pidfile, new)
    server.pid = new
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a namespace of processes")
def test_process_1_stays(serve):
    """Its end is the container's, and takes every successor along."""
    under = ["unshare", "--pid", "--fork", "--kill-child"]
    if subprocess.run([*under, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespace of processes here")
    server = serve("wsgiapp:app", under=under)
    (master,) = processes.children(server.pid, server.session)
    os.kill(master, signal.SIGUSR2)
    server.wait_log(r"\[1\] \[WARNING\] USR2 signal ignored\. This master is process 1")
    assert server.get("/").text == "hello"
    os.kill(master, signal.SIGTERM)
    assert server.wait_exit() == 0


# What the new program is.


@pytest.fixture
def replaceable(tmp_path, monkeypatch):
    """A folder bin with a copy of the program, and what replaces it: a script that leaves a
    mark and runs the real one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy2(BINARY, folder / "ucorn")

    def replace():
        script = tmp_path / "script"
        script.write_text(f'#!/bin/sh\necho "$0 $*" > {tmp_path}/mark\nexec {BINARY} "$@"\n')
        script.chmod(0o755)
        script.rename(folder / "ucorn")
        return tmp_path / "mark"

    def started_as(name):
        monkeypatch.setattr(Server, "binary", name)

    return folder, replace, started_as


@pytest.mark.parametrize("name", ["bin/ucorn", "ucorn"])
def test_replaced_program(serve, tmp_path, replaceable, name):
    """By a path from the folder of the start on, or by the PATH of the start, though the
    process has another folder and another PATH since."""
    folder, replace, started_as = replaceable
    started_as(name)
    config = tmp_path / "conf.py"
    config.write_text("import os\nos.environ['PATH'] = '/nowhere'\n")
    server = serve(
        "wsgiapp:app", "-c", config, "--chdir", APPS, cwd=tmp_path,
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    mark = replace()
    new = upgrade(server)
    assert mark.read_text().split()[1:3] == ["-b", "%s:%d" % server.address]
    stop_old(server)
    new.wait_promoted()
    assert server.get("/").text == "hello"
    new.stop()


def test_switched_link(serve, tmp_path, monkeypatch):
    for release in ("one", "two"):
        (tmp_path / release).mkdir()
        shutil.copy2(BINARY, tmp_path / release / "ucorn")
    link = tmp_path / "current"
    link.symlink_to("one")
    monkeypatch.setattr(Server, "binary", link / "ucorn")
    server = serve("wsgiapp:app")
    link.unlink()
    link.symlink_to("two")
    shutil.rmtree(tmp_path / "one")
    new = upgrade(server)
    assert os.readlink(f"/proc/{new.pid}/exe") == str(tmp_path / "two" / "ucorn")
    stop_old(server)
    new.wait_promoted()
    new.stop()


def test_program_that_is_gone(serve, replaceable, tmp_path):
    """The child does not end as Python does: what waits for that runs once, in the old one."""
    folder, _, started_as = replaceable
    started_as(folder / "ucorn")
    config, marks = tmp_path / "conf.py", tmp_path / "marks"
    config.write_text(
        f"import atexit\natexit.register(lambda: open({str(marks)!r}, 'a').write('end\\n'))\n"
        "print('said once', end='', flush=False)\n"
    )
    server = serve("wsgiapp:app", "-c", config)
    (folder / "ucorn").rename(folder / "other")
    begin_upgrade(server)
    server.wait_log(rf"\[ERROR\] The new master cannot be started: cannot start '{folder}/ucorn': ")
    server.wait_log(r"\[ERROR\] The upgrade has failed: .* exited with code 1")
    assert not marks.exists() and server.get("/").text == "hello"
    server.stop()
    assert server.stdout.count("said once") == 1
    assert marks.read_text().count("end") == 2  # the master's and the worker's


# What it is given.


def test_environment_is_that_of_the_start(start):
    config = """
        import os
        os.environ["COUNT"] = str(int(os.environ.get("COUNT", "0")) + 1)
        raw_env = ["RAW=" + os.environ.get("RAW", "") + "x"]
        """
    server = start(config, env={"KEPT": "a=b\nc", "RAW": "r"})
    look = """
        import ctypes, os
        getenv = ctypes.CDLL(None).getenv
        getenv.restype = ctypes.c_char_p
        names = "KEPT COUNT RAW GUNICORN_PID GUNICORN_FD UCORN_BIND LISTEN_FDS".split()
        answer = [os.getpid(), [[os.environ.get(n), getenv(n.encode())] for n in names]]
        """
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    pid, found = ask(server, look)
    both = lambda text: [text, repr(text.encode())]  # noqa: E731
    assert found == [both("a=b\nc"), both("1"), both("rx")] + [[None, None]] * 4
    assert pid in new.workers()
    new.stop()


def shown(pid):
    """Signals and descriptors of a process, as the kernel has them."""
    status = Path(f"/proc/{pid}/status").read_text()
    links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return re.findall(r"^(?:SigBlk|SigIgn|SigCgt):.*$", status, re.M), sorted(
        re.sub(r"\[\d+\]", "", link) for link in links
    )


def test_signals_and_descriptors_are_those_of_a_start(start, tmp_path):
    """Though the application keeps a descriptor open for programs that it starts, and a
    hook leaves other signals."""
    config = f"""
        import os, signal
        os.set_inheritable(os.open({str(tmp_path / "kept")!r}, os.O_RDWR | os.O_CREAT), True)
        def pre_exec(server):
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGALRM])
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.open({str(tmp_path / "hooks")!r}, os.O_RDWR | os.O_CREAT)
        """
    bind = [f"127.0.0.1:{free_port()}", f"unix:{tmp_path}/sock"]
    server = start(config, bind=bind, env={"PYTHONWARNINGS": "ignore"})
    new = upgrade(server)
    # Each blocks signals for a moment now and then.
    until(lambda: shown(new.pid) == shown(server.pid), "the two are alike")
    assert shown(new.pid)[1].count(str(tmp_path / "kept")) == 1
    stop_old(server)
    new.wait_promoted()
    new.stop()


def test_hooks_see_both_masters(start, tmp_path):
    config = f"""
        def note(hook, server, **more):
            with open({str(tmp_path / "notes")!r}, "a") as file:
                print([hook, server.pid, server.master_name, server.master_pid, server.reexec_pid,
                       server.proc_name], file=file)
        def pre_exec(server): note("pre_exec", server)
        def when_ready(server): note("when_ready", server)
        def on_exit(server): note("on_exit", server)
        """
    server = start(config, "-n", "n")
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    new.stop()
    old, new = server.pid, new.pid
    assert [eval(line) for line in (tmp_path / "notes").read_text().splitlines()] == [
        ["when_ready", old, "Master", 0, 0, "n"],
        ["pre_exec", old, "Master", 0, 0, "n"],
        ["when_ready", new, "Master.2", old, 0, "n.2"],
        ["on_exit", old, "Master", 0, new, "n"],
        ["on_exit", new, "Master", 0, 0, "n"],
    ]


def test_hook_that_fails(start):
    server = start("def pre_exec(server): raise ValueError('not today')\n")
    begin_upgrade(server)
    server.wait_log(r"\[ERROR\] Exception in pre_exec\n(.*\n)+ValueError: not today$")
    server.wait_log(r"\[ERROR\] The upgrade has failed")
    assert server.get("/").status == 200


# Sockets.


def inode_of(pid, address):
    """Of the socket that listens there, among the descriptors of the process."""
    port = f":{address[1]:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {f"socket:[{f[9]}]" for f in lines if f[1].endswith(port) and f[3] == "0A"}
    links = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return inodes & links


def wait_serves(server):
    until(lambda: server._answers("/pid"), "the server answers")


def test_sockets_stay_the_same(serve, tmp_path):
    """Whatever they are called in the bind list."""
    bind = [f"localhost:{free_port()}", "127.0.0.1:0", "unix:rel"]
    (tmp_path / "folder").mkdir()
    server = serve(
        "wsgiapp:app", "--pythonpath", APPS, "--chdir", tmp_path / "folder", bind=bind
    )
    urls = server.wait_log(r"Listening at: (\S+) ")[1]
    path = tmp_path / "folder" / "rel"
    inode = path.stat().st_ino
    new = upgrade(server)
    new.wait_log(rf"Listening at: {re.escape(urls)} \({new.pid}\)$")
    assert inode_of(new.pid, server.address) == inode_of(server.pid, server.address) != set()
    stop_old(server)
    new.wait_promoted()
    assert path.stat().st_ino == inode
    assert pid_that_serves(path) in new.workers()
    new.stop()
    assert not path.exists()


def test_other_bind_list(serve, tmp_path):
    """What the new one adds is its own, what it does not want stays the old one's."""
    config, ports = tmp_path / "conf.py", [free_port() for _ in range(3)]
    old_path, new_path = tmp_path / "old", tmp_path / "new"

    def bind(*addresses):
        config.write_text(f"bind = {[*addresses]}")

    bind(f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}", f"unix:{old_path}")
    server = serve("wsgiapp:app", "-c", config, bind=[], probe=None)
    server.address = ("127.0.0.1", ports[1])
    wait_serves(server)
    bind(f"127.0.0.1:{ports[1]}", f"127.0.0.1:{ports[2]}", f"unix:{new_path}")
    new = upgrade(server)
    assert not inode_of(new.pid, ("127.0.0.1", ports[0]))
    assert pid_that_serves(("127.0.0.1", ports[2])) in new.workers()
    assert pid_that_serves(new_path) in new.workers()
    assert pid_that_serves(old_path) in server.workers()
    new.signal(signal.SIGTERM)
    server.wait_log(rf"The new master \(pid:{new.pid}\) has left")
    assert not new_path.exists()
    assert pid_that_serves(old_path) in server.workers()
    server.stop()
    assert not old_path.exists()


def test_relative_path_means_another_file(serve, tmp_path):
    """When the folder that it begins at has changed."""
    config = tmp_path / "conf.py"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    config.write_text("chdir = 'one'")
    server = serve(
        "wsgiapp:app", "-c", config, "--pythonpath", APPS, bind=["unix:sock"], cwd=tmp_path,
        probe=None,
    )  # fmt: skip
    server.address = tmp_path / "one" / "sock"
    wait_serves(server)
    config.write_text("chdir = 'two'")
    new = upgrade(server)
    assert pid_that_serves(tmp_path / "two" / "sock") in new.workers()
    assert pid_that_serves(tmp_path / "one" / "sock") in server.workers()
    stop_old(server)
    new.wait_promoted()
    new.stop()
    assert not (tmp_path / "two" / "sock").exists()


def test_descriptor_from_outside(serve, tmp_path):
    port = free_port()
    code = (
        "import os, socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
        "os.dup2(s.fileno(), 7); os.execvp(sys.argv[2], sys.argv[2:])"
    )
    server = serve(
        "wsgiapp:app", "-b", "fd://7", bind=[], probe=None,
        under=[sys.executable, "-c", code, str(port)],
    )  # fmt: skip
    server.address = ("127.0.0.1", port)
    wait_serves(server)
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    assert pid_that_serves(server.address) in new.workers()
    new.stop()


def test_reuse_port(serve):
    """Each worker of each master has a socket by itself."""
    server = serve("wsgiapp:app", "--reuse-port")
    new = upgrade(server)
    assert not inode_of(new.pid, server.address)
    until(lambda: inode_of(new.workers()[0], server.address), "its worker has a socket")
    stop_old(server)
    new.wait_promoted()
    assert pid_that_serves(server.address) in new.workers()
    new.stop()


# Variables that make no sense.


@pytest.mark.parametrize(
    "variables, says",
    [
        ({"GUNICORN_FD": "99"}, "GUNICORN_FD names descriptor 99: Bad file descriptor."),
        ({"GUNICORN_FD": "1"}, "cannot use fd://1: Socket operation on non-socket"),
        ({"GUNICORN_FD": "3 4"}, "GUNICORN_FD is no list of descriptors: '3 4'."),
        ({"GUNICORN_PID": "-1"}, "GUNICORN_PID is no process id: '-1'."),
        ({"GUNICORN_FD": "1", "UCORN_BIND": "/"}, "UCORN_BIND does not fit GUNICORN_FD."),
    ],
)
def test_nonsense_is_refused(serve, variables, says):
    server = serve("wsgiapp:app", env=variables, probe=None)
    assert server.wait_exit() == 1
    assert says in server.stderr
