"""What a stop does for those who have come, and to those who come too late."""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import time
from functools import partial

import pytest

from support.figures import cpu_ticks
from support.rawhttp import Client, request_bytes
from support.server import free_port
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.master]

CROWD = 40


@pytest.fixture(params=["tcp", "unix"])
def bind(request, tmp_path):
    return f"127.0.0.1:{free_port()}" if request.param == "tcp" else f"unix:{tmp_path}/socket"


def hold(server, folder, name):
    """A request that a worker is busy with until the test makes the file that is returned."""
    client = server.connect()
    started, go = folder / f"{name}.started", folder / f"{name}.go"
    client.send(request_bytes("GET", f"/slow?started={started}&file={go}"))
    until(started.exists, "a worker is busy")
    return client, go


def answers(clients):
    found = [client.response() for client in clients]
    return [(answer.text, answer.get("Connection")) for answer in found]


@pytest.mark.needs_no("beside-calls")
def test_who_waits_to_be_accepted_is_served(serve, backend, bind, tmp_path):
    """Its request may have come, or comes after the signal."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", bind=[bind])
    busy, go = hold(server, tmp_path, "one")
    crowd = [server.connect() for _ in range(CROWD)]
    for client in crowd[::2]:
        client.send(request_bytes("GET", "/"))
    (worker,) = server.wait_workers(1)
    server.signal_and_wait(signal.SIGTERM)
    os.kill(worker, signal.SIGTERM)  # the master's may still be on its way
    for client in crowd[1::2]:
        client.send(request_bytes("GET", "/"))
    go.touch()
    assert busy.response().text == "slow"
    assert answers(crowd) == [("hello", "close")] * CROWD
    for client in [busy, *crowd]:
        client.close()
    assert server.wait_exit() == 0


def test_who_comes_too_late_is_refused(serve, backend, bind, tmp_path):
    """At once, though a worker is busy for a long time: another one has ended the socket."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", bind=[bind])
    server.wait_workers(2)
    busy, go = hold(server, tmp_path, "one")
    server.signal_and_wait(signal.SIGTERM)

    def refused():
        try:
            Client(server.address).close()
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        return False

    until(refused, "connections are refused")
    go.touch()
    assert busy.response().text == "slow"
    busy.close()
    assert server.wait_exit() == 0
    assert "Cannot accept" not in server.log


@pytest.mark.needs_no("beside-calls")
def test_nobody_is_let_in_half(serve, backend, tmp_path):
    """From the signal on the kernel makes no connection for a server that is about to end:
    a client that has one is served, or was there before."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    busy, go = hold(server, tmp_path, "one")
    server.signal_and_wait(signal.SIGTERM)
    until(lambda: is_turned_away(server.address), "new connections are turned away")
    go.touch()
    assert busy.response().text == "slow"
    busy.close()
    assert server.wait_exit() == 0


def is_turned_away(address):
    """Whether a connection to where somebody still listens cannot be made."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(address)
        except TimeoutError:
            return True
        except ConnectionRefusedError:
            raise AssertionError("nobody listens") from None
    return False


def test_clients_that_say_nothing_do_not_hold_it_up(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--graceful-timeout", "600")
    with server.connect() as silent:
        server.stop()
        assert silent.at_end()


#: Seconds for which the kernel may keep a silent connection to itself.
DEFERRED = 1


def silent_clients(start, count, end):
    """A server and clients of its that say nothing until end(server, its workers) was called."""
    for attempt in range(20):
        server = start("-w", count)
        workers = server.wait_workers(count)
        # Workers look for their master once a second: at another moment of it each time.
        time.sleep(attempt % 10 / 10)
        begun = time.monotonic()
        clients = [server.connect() for _ in range(5)]
        end(server, workers)
        for client in clients:
            client.send(request_bytes("GET", "/"))
        if time.monotonic() - begun < DEFERRED:
            return server, clients
        for client in clients:  # too late to say anything
            client.close()
        server.wait_exit()
        server.wait_orphans_gone()
    raise AssertionError("this machine is too slow")


def wake(server):
    """Makes a worker look around, if it is time for it."""
    with contextlib.suppress(OSError):
        server.get("/")


def check_served(clients):
    assert [text for text, _connection in answers(clients)] == ["hello"] * len(clients)
    for client in clients:
        client.close()


def test_who_says_nothing_yet_is_served_though_the_workers_hear_of_it_first(serve, backend):
    """As when systemd tells all processes of a service at once."""

    def tell_all(server, workers):
        for process in [*workers, server.pid]:
            os.kill(process, signal.SIGTERM)
        time.sleep(DEFERRED / 5)  # in which they could leave

    server, clients = silent_clients(partial(serve, "wsgiapp:app", "-k", backend), 2, tell_all)
    check_served(clients)
    assert server.wait_exit() == 0


def test_who_says_nothing_yet_is_served_though_the_master_was_killed(serve, backend):
    def kill(server, workers):
        server.signal(signal.SIGKILL)
        until(lambda: "Parent changed" in server.log or wake(server), "the worker has seen it")

    server, clients = silent_clients(partial(serve, "wsgiapp:app", "-k", backend), 1, kill)
    check_served(clients)
    assert server.wait_exit() == -signal.SIGKILL
    server.wait_orphans_gone()


def half_open(address):
    """A connection that does not come about: what the server answers is dropped here."""
    drop_all = (ctypes.c_uint64 * 1)(6)  # BPF_RET | BPF_K: so many bytes, none, are kept
    client = socket.socket()
    so_attach_filter = 26
    client.setsockopt(
        socket.SOL_SOCKET, so_attach_filter, struct.pack("HP", 1, ctypes.addressof(drop_all))
    )
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        client.connect(address)
    return client


def is_half_open(address):
    """Whether the kernel has somebody there between SYN and accept."""
    with open("/proc/self/net/tcp") as table:
        lines = [line.split() for line in table]
    return any(line[1].endswith(f":{address[1]:04X}") and line[3] == "03" for line in lines)


def test_who_never_comes_does_not_hold_it_up(serve, backend):
    """graceful_timeout is the longest, and nothing to warn of."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--graceful-timeout", "1")
    with half_open(server.address):
        until(lambda: is_half_open(server.address), "the kernel has answered it")
        server.stop()
    assert "did not finish" not in server.log


def test_waiting_for_somebody_costs_nothing(serve, backend):
    """A worker sleeps meanwhile, whatever its loop is."""
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--graceful-timeout", "600")
    (worker,) = server.wait_workers(1)
    with half_open(server.address):
        until(lambda: is_half_open(server.address), "the kernel has answered it")
        ticks = [cpu_ticks(worker)]
        server.signal(signal.SIGTERM)

        def has_ended():
            try:
                ticks.append(cpu_ticks(worker))
            except (FileNotFoundError, ProcessLookupError):
                return True
            return False

        until(has_ended, "the worker has left")
        assert server.wait_exit() == 0
    assert ticks[-1] - ticks[0] < 60  # of 200; one that spins takes nearly all


def test_a_quick_stop_does_not_wait(serve, backend, tmp_path):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", "--graceful-timeout", "600")
    busy, _go = hold(server, tmp_path, "one")
    with server.connect(), busy:
        server.signal(signal.SIGQUIT)
        assert server.wait_exit() == 0


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_a_socket_from_outside_serves_the_next_server(serve, tmp_path, family):
    """Who has passed it has it still, and what waits there is for whoever comes next."""
    given = socket.socket(socket.AF_INET if family == "tcp" else socket.AF_UNIX)
    with given:
        given.bind(("127.0.0.1", 0) if family == "tcp" else str(tmp_path / "given"))
        given.listen()
        for _ in range(2):
            server = serve(
                "wsgiapp:app", "-b", f"fd://{given.fileno()}", bind=[], probe=None,
                pass_fds=[given.fileno()],
            )  # fmt: skip
            server.address = given.getsockname()
            assert server.wait_answer().text == "hello"
            server.stop()
            with Client(given.getsockname()) as waiting:
                waiting.send(request_bytes("GET", "/"))


def test_a_closed_standard_stream_is_no_socket(serve, tmp_path):
    server = serve("wsgiapp:app", under=["sh", "-c", 'exec "$@" 2>&-', "sh"], probe=None)
    (worker,) = server.wait_workers(1)
    until(lambda: can_connect(server.address), "it serves")
    for pid in (server.pid, worker):
        assert os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"


def can_connect(address):
    try:
        Client(address).close()
    except ConnectionRefusedError:
        return False
    return True
