"""What happens first when the server starts: lines of the log, hooks, and what hooks find."""

import os
import pwd
import re
import textwrap
from pathlib import Path

import pytest

from support import processes
from support.server import BINARY
from support.users import needs_users
from support.waiting import until
from test_process_settings import Daemon, ask, daemon  # noqa: F401, a fixture

#: Each hook says in the log that it runs, and what there is by then.
CONFIG = """
    import os
    raw_env = ["RAW=there"]
    pidfile = {pidfile!r}
    def seen(server, hook):
        server.log.info("%s: pid=%s pidfile=%s raw=%s listeners=%d workers=%d", hook,
                        getattr(server, "pid", None), os.path.exists(pidfile),
                        os.environ.get("RAW"), len(server.LISTENERS), len(server.WORKERS))
    def nworkers_changed(server, new, old):
        server.log.info("nworkers_changed: %s %s %s", new, old, hasattr(server, "pid"))
    def on_starting(server): seen(server, "on_starting")
    def when_ready(server): seen(server, "when_ready")
    def pre_fork(server, worker): seen(server, "pre_fork")
    def post_fork(server, worker): server.log.info("post_fork: %s", os.environ["RAW"])
    def post_worker_init(worker): worker.log.info("post_worker_init")
    """

IMPORTED = """
import logging
logging.getLogger("gunicorn.error").info("import: %s", os.environ.get("RAW"))
"""


@pytest.fixture
def start(serve, tmp_path):
    """start(*args): a server with the configuration; it serves gunicornapp."""

    def start(*args, env=None, text=CONFIG, **options):
        config = tmp_path / "conf.py"
        config.write_text(textwrap.dedent(text).format(pidfile=str(tmp_path / "pid")))
        env = {"GUNICORN_CODE": IMPORTED, **(env or {})}
        return serve("gunicornapp:app", "-c", config, *args, env=env, **options)

    return start


def check_order(server, *patterns):
    assert server.in_log(*patterns), server.log


def test_order(start, backend):
    server = start("-k", backend)
    master, here = rf"\[{server.pid}\] \[INFO\] ", rf"pid={server.pid} pidfile=True raw=there"
    (worker,) = server.wait_workers(1)
    server.wait_log("post_worker_init$")
    check_order(
        server,
        master + r"nworkers_changed: 1 None False$",
        master + rf"Starting {BINARY.name} ",
        master + rf"on_starting: {here} listeners=0 workers=0$",
        master + r"Listening at: ",
        master + rf"Using worker: {backend}$",
        master + rf"when_ready: {here} listeners=1 workers=0$",
        master + rf"pre_fork: {here} listeners=1 workers=0$",
        rf"\[{worker}\] \[INFO\] Booting worker with pid: {worker}$",
        rf"\[{worker}\] \[INFO\] post_fork: there$",
        rf"\[{worker}\] \[INFO\] import: there$",
        rf"\[{worker}\] \[INFO\] post_worker_init$",
    )


def test_preloaded_application_is_imported_first(start):
    server = start("--preload")
    server.wait_log("post_worker_init$")
    check_order(
        server,
        r"nworkers_changed: ",
        rf"\[{server.pid}\] \[INFO\] import: there$",
        r"Starting ",
        r"post_worker_init$",
    )
    assert server.log.count("import: ") == 1


@needs_users
def test_application_is_imported_by_the_user(start):
    """post_fork is root's still: test_process_settings.py."""
    code = "import logging, os\nlogging.getLogger('gunicorn.error').info('as %d', os.geteuid())\n"
    nobody = pwd.getpwnam("nobody")
    server = start("-u", "nobody", "-g", nobody.pw_gid, env={"GUNICORN_CODE": code}, text="")
    server.wait_log(rf"as {nobody.pw_uid}$")


def test_workers_are_forked_one_by_one(start):
    server = start("-w", "3", text="def pre_fork(server, worker):\n"
                   "    server.log.info('fork %d %d', worker.age, len(server.WORKERS))\n")
    server.wait_log("fork 3 2$")
    check_order(server, "fork 1 0$", "fork 2 1$", "fork 3 2$")


def test_hooks_of_the_start_see_server_software(start):
    """From the very first on."""
    server = start(text="import os\ndef nworkers_changed(server, new, old):\n"
                   "    server.log.info('software %s', os.environ['SERVER_SOFTWARE'])\n")
    check_order(server, r"software gunicorn/\d")


def test_workers_draw_other_random_numbers(start):
    """Though a preloaded application has seeded the generator that they share."""
    code = "import os, random\nrandom.seed(1)\n"
    server = start("--preload", "-w", "2", env={"GUNICORN_CODE": code}, text="")
    server.wait_workers(2)
    drawn = {}

    def both():
        pid, number = ask(server, "import os, random\nanswer = os.getpid(), random.random()")
        drawn.setdefault(pid, number)
        return len(drawn) == 2

    until(both, "both workers answer")
    assert len({*drawn.values()}) == 2


@pytest.mark.ucorn_only  # and gunicorn 26
def test_daemon_that_systemd_would_miss(daemon, tmp_path):  # noqa: F811
    """Type=notify watches the process that ends at once."""
    server = daemon(env={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    assert "Warning" in (server.work / "err").read_text()
    server.stop()


def test_daemon_writes_files_under_its_own_umask(daemon, tmp_path):  # noqa: F811
    before = os.umask(0)
    try:
        server = daemon()
    finally:
        os.umask(before)
    assert server.log_file.stat().st_mode & 0o777 == 0o644
    server.stop()


def test_daemon_keeps_no_terminal(daemon, tmp_path):  # noqa: F811
    """With -R, too, when its output is one."""
    master, slave = os.openpty()
    log = tmp_path / "terminal.log"
    try:
        server = daemon(
            "-R", "--error-logfile", log,
            under=["sh", "-c", f'exec "$@" >{os.ttyname(slave)} 2>&1', "sh"],
        )  # fmt: skip
        links = [os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in range(3)]
        assert links == ["/dev/null"] * 3
        stat = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
        assert stat[4] == "0", "it has no controlling terminal"
        server.stop()
    finally:
        os.close(master)
        os.close(slave)


def test_daemon_is_nobodys_child(daemon):  # noqa: F811
    server = daemon()
    parent = processes.look(server.pid).parent
    assert parent == os.getpid(), "orphans come to this process"
    assert re.search(rf"\[{server.pid}\] \[INFO\] Starting ", server.log), "after it detached"
    server.stop()
