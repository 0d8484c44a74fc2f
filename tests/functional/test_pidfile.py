"""The pidfile: who may have it, and who removes it."""

import os
import pwd
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.users import needs_users


@pytest.fixture
def refused(serve):
    """A server with that pidfile does not start; gives it."""

    def start(pidfile, **options):
        server = serve("wsgiapp:app", "-p", pidfile, probe=None, **options)
        assert server.wait_exit() == 1
        assert "Listening at" not in server.log
        return server

    return start


def test_folder_has_to_be_there(refused, tmp_path):
    server = refused(tmp_path / "none" / "pid")
    assert f"\nError: {tmp_path}/none doesn't exist. Can't create pidfile.\n" in server.stderr


def test_living_process(refused, tmp_path):
    pidfile = tmp_path / "pid"
    pidfile.write_text(f"{os.getpid()}\n")
    server = refused(pidfile)
    says = f"Error: Already running on PID {os.getpid()} (or pid file '{pidfile}' is stale)"
    assert says in server.stderr
    assert pidfile.read_text() == f"{os.getpid()}\n"


@needs_users
def test_living_process_of_somebody_else(refused):
    """Which it may send no signal to."""
    nobody = pwd.getpwnam("nobody")
    own = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o1777)
        pidfile = Path(name) / "pid"
        pidfile.write_text(f"{os.getpid()}\n")
        server = refused(pidfile, under=own)
    assert f"Already running on PID {os.getpid()} " in server.stderr


def dead():
    with subprocess.Popen(["true"]) as process:
        pass
    return f"{process.pid}\n"


@pytest.mark.parametrize("left", ["", "garbage\n", dead])
def test_left_over_ones_are_replaced(serve, tmp_path, left):
    pidfile = tmp_path / "pid"
    pidfile.write_text(left() if callable(left) else left)
    pidfile.chmod(0o600)
    before = os.umask(0o077)
    try:
        server = serve("wsgiapp:app", "-p", pidfile)
    finally:
        os.umask(before)
    assert pidfile.read_text() == f"{server.pid}\n"
    assert stat.S_IMODE(pidfile.stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.glob("pid*")) == ["pid"]


@pytest.mark.parametrize("others", ["1\n", "garbage\n"])
def test_of_somebody_else_it_is_left_there(serve, tmp_path, others):
    pidfile = tmp_path / "pid"
    server = serve("wsgiapp:app", "-p", pidfile)
    pidfile.write_text(others)
    server.stop()
    assert pidfile.read_text() == others


def test_that_is_gone_is_no_trouble(serve, tmp_path):
    pidfile = tmp_path / "pid"
    server = serve("wsgiapp:app", "-p", pidfile)
    pidfile.unlink()
    server.stop()
    assert "Traceback" not in server.log
