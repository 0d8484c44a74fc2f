"""systemd: what it is told of the service, and sockets that it has opened."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import sys
import textwrap
import time

import pytest

from support.rawhttp import Client
from support.server import environ_with, free_port
from support.upgrade import stop_old, upgrade
from support.waiting import until

pytestmark = pytest.mark.ucorn_only


class Bus:
    """The socket that systemd listens on."""

    def __init__(self, address):
        self.address = address
        self.said = []  # (process id, assignment)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)
        self._socket.bind("\0" + address[1:] if address[0] == "@" else address)

    def close(self):
        self._socket.close()

    def hear(self, pid=None):
        """All that has been said so far, by anybody or by that process."""
        with contextlib.suppress(BlockingIOError):
            while True:
                text, more, *_ = self._socket.recvmsg(4096, socket.CMSG_SPACE(12))
                (sender, _, _) = struct.unpack("3i", more[0][2])
                self.said += [(sender, line) for line in text.decode().split("\n")]
        return [line for sender, line in self.said if pid in (None, sender)]

    def wait(self, beginning, count=1, pid=None):
        """Waits for that many lines that begin so; gives the last of them."""

        def heard():
            lines = [line for line in self.hear(pid) if line.startswith(beginning)]
            return lines[count - 1] if len(lines) >= count else None

        return until(heard, f"{count} times {beginning}: {self.said[-20:]}")

    def count(self, line):
        return self.hear().count(line)


@pytest.fixture(params=["path", "abstract"])
def any_bus(request, tmp_path):
    name = f"@ucorn-test-{os.getpid()}-{tmp_path.name}"
    with contextlib.closing(Bus(name if request.param == "abstract" else f"{tmp_path}/any")) as bus:
        yield bus


@pytest.fixture
def bus(tmp_path):
    with contextlib.closing(Bus(f"{tmp_path}/n")) as bus:
        yield bus


#: Workers wait at the end of their boot while the file is there.
HOLDING = """
    import os, time
    def post_worker_init(worker):
        while os.path.exists({hold!r}):
            worker.notify()
            time.sleep(0.01)
    """


@pytest.fixture
def start(serve, tmp_path, bus):
    """start(config, *args): a server that is to notify the bus; {hold} in the configuration is
    the path `hold`."""

    def start(config=HOLDING, *args, env=None, bus=bus, **options):
        file = tmp_path / "conf.py"
        file.write_text(textwrap.dedent(config).format(hold=str(tmp_path / "hold")))
        env = {"NOTIFY_SOCKET": bus.address, **(env or {})}
        return serve("wsgiapp:app", "-c", file, *args, env=env, **options)

    return start


# Start and stop.


def test_ready_when_a_worker_serves(start, tmp_path, any_bus):
    hold = tmp_path / "hold"
    hold.touch()
    server = start(HOLDING, "-w", "2", bus=any_bus, probe=None)
    any_bus.wait("EXTEND_TIMEOUT_USEC=10000000", count=2)
    assert "STATUS=starting: 0 of 2 workers serve" in any_bus.hear()
    assert "READY=1" not in any_bus.hear()
    hold.unlink()
    any_bus.wait("READY=1")
    any_bus.wait(f"MAINPID={server.pid}")
    any_bus.wait("STATUS=2 workers serve")
    server.stop()
    any_bus.wait("STOPPING=1")
    assert any_bus.count("READY=1") == 1 and any_bus.count("STOPPING=1") == 1
    assert {sender for sender, _ in any_bus.said} == {server.pid}
    told = [line for line in any_bus.hear() if line.startswith("STATUS=")]
    assert all(a != b for a, b in zip(told, told[1:])), "the status is told when it changes"


def test_no_more_time_for_a_boot_that_fails(start, bus):
    """Its import may take long; its third try is not to hold the start up for ever."""
    server = start(
        "import os\ndef post_fork(server, worker): os._exit(5)\n",
        env={"WATCHDOG_USEC": "400000"}, probe=None,
    )  # fmt: skip
    server.wait_log("ended before it could serve")
    bus.hear()
    count, signs = bus.count("EXTEND_TIMEOUT_USEC=10000000"), bus.count("WATCHDOG=1")
    bus.wait("WATCHDOG=1", count=signs + 5)
    assert bus.count("EXTEND_TIMEOUT_USEC=10000000") <= count + 1
    assert "READY=1" not in bus.hear()


def test_failed_start(start, bus):
    server = start("def post_fork(server, worker): raise ValueError\n", probe=None)
    assert server.wait_exit() == 3
    bus.wait("STOPPING=1")
    assert "READY=1" not in bus.hear()


def test_number_of_workers(start, bus):
    server = start()
    bus.wait("STATUS=1 worker serves")
    server.signal(signal.SIGTTIN)
    bus.wait("STATUS=1 of 2 workers serve")
    bus.wait("STATUS=2 workers serve")


def test_bus_that_is_not_there(serve, tmp_path):
    server = serve("wsgiapp:app", env={"NOTIFY_SOCKET": f"{tmp_path}/nobody"})
    server.wait_log(r"\[WARNING\] Cannot notify systemd at .*/nobody: No such file or directory\.$")
    server.signal_and_wait(signal.SIGTTIN)
    server.wait_workers(2)
    assert server.get("/").text == "hello" and server.log.count("Cannot notify") == 1


def test_application_does_not_see_systemd(start):
    server = start(env={"WATCHDOG_USEC": "5000000"})
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
        assert server.get(f"/variable?name={name}").text == "(unset)"


# Signs of life.


def test_signs_of_life(start, bus):
    """Four times as often as they have to come; the process id is checked."""
    under = ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh"]
    start(env={"WATCHDOG_USEC": "1200000"}, under=under)
    began = time.monotonic()
    count = bus.hear().count("WATCHDOG=1")
    bus.wait("WATCHDOG=1", count=count + 4)
    assert time.monotonic() - began > 0.5, "no more often than needed"


def test_signs_of_life_are_for_another(start, bus):
    server = start(env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
    bus.wait("READY=1")
    server.stop()
    bus.wait("STOPPING=1")
    assert "WATCHDOG=1" not in bus.hear()


# Reloads.


def test_reload(start, tmp_path, bus):
    """It is over when the new workers have replaced the old ones."""
    server = start(HOLDING, "-w", "2")
    bus.wait("STATUS=2 workers serve")
    (tmp_path / "hold").touch()
    before = time.monotonic_ns() // 1000
    server.signal(signal.SIGHUP)
    bus.wait("RELOADING=1")
    usec = int(bus.wait("MONOTONIC_USEC=").partition("=")[2])
    assert before <= usec <= time.monotonic_ns() // 1000
    bus.wait("STATUS=reloading: 0 of 2 new workers serve")
    assert bus.count("READY=1") == 1
    (tmp_path / "hold").unlink()
    bus.wait("READY=1", count=2)
    bus.wait("STATUS=2 workers serve", count=2)


def test_reload_that_is_refused(start, tmp_path, bus):
    server = start()
    bus.wait("READY=1")
    (tmp_path / "conf.py").write_text("nonsense(")
    server.signal(signal.SIGHUP)
    bus.wait("RELOADING=1")
    bus.wait("READY=1", count=2)
    bus.wait("STATUS=1 worker serves; the last reload was refused")
    (tmp_path / "conf.py").write_text("")
    server.signal(signal.SIGHUP)
    bus.wait("READY=1", count=3)
    bus.wait("STATUS=1 worker serves", count=3)
    assert bus.hear()[-1] != "STATUS=1 worker serves; the last reload was refused"


def test_reload_whose_workers_do_not_boot(start, tmp_path, bus):
    server = start()
    bus.wait("READY=1")
    (tmp_path / "conf.py").write_text("def post_fork(server, worker): raise ValueError\n")
    server.signal(signal.SIGHUP)
    bus.wait("READY=1", count=2)
    bus.wait("STATUS=1 worker serves; the last reload has failed to boot")
    assert server.get("/").text == "hello"
    server.opened["file"] = 2  # standard output and error of the former settings


# Upgrades.


def test_main_process_is_handed_over(start, bus):
    server = start()
    bus.wait("READY=1")
    new = upgrade(server)
    new.signal(signal.SIGHUP)
    new.wait_log("Hang up: Master.2")
    stop_old(server)
    bus.wait(f"MAINPID={new.pid}", pid=server.pid)
    assert bus.hear(server.pid)[-1] == f"MAINPID={new.pid}"
    new.wait_promoted()
    bus.wait(f"MAINPID={new.pid}", pid=new.pid)
    bus.wait("READY=1", pid=new.pid)
    bus.wait("STATUS=1 worker serves", pid=new.pid)
    heard = bus.hear()
    handed_over = heard.index(f"MAINPID={new.pid}")
    assert bus.said[handed_over][0] == server.pid, "the new master was silent before"
    assert not {"STOPPING=1", "RELOADING=1"} & set(heard)
    new.stop()
    assert bus.hear(new.pid).count("STOPPING=1") == 1


def test_new_master_that_does_not_stay_is_silent(start, bus):
    server = start(env={"WATCHDOG_USEC": "400000"})
    bus.wait("READY=1")
    new = upgrade(server)
    new.signal(signal.SIGTERM)
    server.wait_log("This one goes on")
    bus.wait("WATCHDOG=1", count=bus.count("WATCHDOG=1") + 2)
    assert {sender for sender, _ in bus.said} == {server.pid}
    server.stop()
    assert "STOPPING=1" in bus.hear(server.pid)


def test_signs_of_life_after_an_upgrade(start, bus):
    """WATCHDOG_PID names the new master."""
    under = ["sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh"]
    server = start(env={"WATCHDOG_USEC": "400000"}, under=under)
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    bus.wait("WATCHDOG=1", count=3, pid=new.pid)
    new.stop()


# Sockets of systemd's.

ACTIVATE = shutil.which("systemd-socket-activate")
needs_activate = pytest.mark.skipif(not ACTIVATE, reason="needs Debian's package systemd")


@pytest.fixture
def activated(serve):
    """activated(addresses, *args): a server with sockets of systemd's."""

    def start(addresses, *args, app="wsgiapp:app", **options):
        under = [ACTIVATE]
        for address in addresses:
            under += ["-l", str(address)]
        for name in environ_with(options.get("env")):
            under += ["-E", name]
        # It starts the server when there is a connection.
        server = serve(app, *args, under=under, probe=None, **options)
        server.address = addresses[0]
        if isinstance(server.address, str):
            host, port = server.address.split(":")
            server.address = (host, int(port))
        until(lambda: asked(server.address), "the server answers")
        return server

    return start


def asked(address):
    """The answer of whoever serves there, or None."""
    with contextlib.suppress(OSError), Client(address) as client:
        return client.request("GET", "/pid", fields=[("Connection", "close")]).text


@needs_activate
def test_sockets_of_systemd(activated, tmp_path):
    """They are the only ones, a reload keeps them, and the file is not removed."""
    port, path = free_port(), tmp_path / "sock"
    server = activated([f"127.0.0.1:{port}", path])
    assert server.in_log(
        r"\[INFO\] The sockets are systemd's: bind does not count\.$",
        rf"Listening at: http://127\.0\.0\.1:{port},unix:{path} \({server.pid}\)$",
    )
    for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
        assert server.get(f"/variable?name={name}").text == "(unset)"
    before = server.workers()
    server.signal(signal.SIGHUP)
    server.wait_workers(1, other_than=before)
    assert int(asked(path)) in server.workers()
    server.stop()
    assert path.exists()


@needs_activate
def test_hooks_know_of_systemd(activated, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("def when_ready(server): server.log.info('systemd: %r', server.systemd)\n")
    server = activated([f"127.0.0.1:{free_port()}"], "-c", config)
    server.wait_log(r"systemd: True$")


@needs_activate
def test_upgrade_with_sockets_of_systemd(activated, tmp_path):
    path = tmp_path / "sock"
    server = activated([f"127.0.0.1:{free_port()}", path])
    sockets = [os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in (3, 4)]
    master = server
    for _ in range(2):
        new = upgrade(server, master=master)
        assert [os.readlink(f"/proc/{new.pid}/fd/{fd}") for fd in (3, 4)] == sockets
        if master is server:
            stop_old(server)
        else:
            master.signal(signal.SIGTERM)
        new.wait_promoted()
        assert int(asked(path)) in new.workers() and int(asked(server.address)) in new.workers()
        master = new
    master.stop()
    assert path.exists()


#: Descriptor 3 is what the code makes of it.
GIVEN = (
    "import os, socket, sys; a = {}; os.dup2(a.fileno(), 3); os.set_inheritable(3, True);"
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


@pytest.mark.parametrize(
    "made, says",
    [
        ("open('/dev/null')", "cannot use fd://3: Socket operation on non-socket"),
        ("socket.socket(type=socket.SOCK_DGRAM)", "cannot use fd://3: the socket is not listening"),
        ("socket.socketpair()[0]", "cannot use fd://3: the socket is not listening"),
    ],
)
def test_wrong_descriptor(serve, made, says):
    server = serve(
        "wsgiapp:app", under=[sys.executable, "-c", GIVEN.format(made)], probe=None
    )
    assert server.wait_exit() == 1
    assert says in server.stderr


def test_number_of_descriptors_that_is_none(serve):
    under = ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"]
    server = serve("wsgiapp:app", under=under, env={"LISTEN_FDS": "many"}, probe=None)
    assert server.wait_exit() == 1
    assert "LISTEN_FDS is no number of descriptors: 'many'." in server.stderr
