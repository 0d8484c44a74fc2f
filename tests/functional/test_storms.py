"""More connections than there is room for, and clients that break off or never stop:
the others are served, the worker lives on, and nothing is left behind.  Run with -s
to see the figures."""

import contextlib
import random
import resource
import select
import socket
import threading
import time

import pytest

from support.crowd import Unharmed, crowd
from support.figures import SANITIZED, Memory, cpu_ticks, descriptors, wait_idle
from support.rawhttp import request_bytes
from support.waiting import DEADLINE, until
from support.web import MIB, sha256, some_bytes

pytestmark = pytest.mark.ucorn_only

SMALL_BUFFER = 16384


@pytest.fixture
def start(serve, backend):
    """Starts faultapp with one worker, and patience for idle and slow clients."""
    patience = ["--keep-alive", "600", "--client-header-timeout", "600"]

    def start(*args, **options):
        return serve("faultapp:app", "-k", backend, "-w", "1", *patience, *args, **options)

    return start


# As many as there may be, and more.


def test_2000_idle_connections(start, figure):
    """They stay open, at less than 2 KiB each; the soft limit of descriptors is no
    obstacle while the hard one allows them."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    server = start("--worker-connections", "2100", under=["prlimit", f"--nofile=256:{hard}"])
    with Unharmed(server) as before, crowd(server, 100) as first:
        assert all(client.is_kept() for client in first)
        memory = Memory(server)
        with crowd(server, 2000) as idle:
            assert all(client.is_kept() for client in idle)
            before.wait_connected(2100)
            wait_idle(before.worker)
            kib = memory.growth_kib() / len(idle)
            figure("per idle connection", f"{kib:.2f} KiB")
            assert all(client.is_kept() for client in first + idle[::50])
            assert SANITIZED or kib < 2


def test_longest_idle_makes_room(start):
    server = start("--worker-connections", "20")
    with Unharmed(server), crowd(server, 20) as idle:
        assert all(client.is_kept() for client in idle)
        assert idle[0].is_kept()  # so it is the second that has been idle longest
        with crowd(server, 10) as newcomers:
            for newcomer, oldest in zip(newcomers, idle[1:]):
                assert newcomer.is_kept()
                assert oldest.at_end()
            assert idle[0].is_kept() and all(client.is_kept() for client in idle[11:])


def test_slowest_head_makes_room(start):
    server = start("--worker-connections", "20")
    request = request_bytes("GET", "/")
    with Unharmed(server), crowd(server, 20) as slow:
        for part in request[:1], request[1:-1]:
            for client in slow:
                client.send(part)
        with crowd(server, 10) as newcomers:
            for newcomer, oldest in zip(newcomers, slow):
                newcomer.send(request[:-1])  # of an idle one room would be made first
                assert oldest.at_end()
            for client in slow[10:] + newcomers:
                client.send(request[-1:])
                assert client.response().text == "hello"


@contextlib.contextmanager
def held(server, directory, name):
    """The application runs meanwhile, so that what others send has to wait."""
    started, go = directory / f"{name}-started", directory / f"{name}-go"
    with server.connect() as client:
        client.send(request_bytes("GET", f"/slow?started={started}&file={go}"))
        until(started.exists, f"the worker is held ({name})")
        try:
            yield
        finally:
            go.touch()
        assert client.response().text == "slow"


def test_room_is_not_made_of_requests(start, tmp_path):
    """Two hundred had been silent, until each sent its request while the worker was
    busy; newcomers, who need room, do not cost them their answers."""
    server = start("--worker-connections", "201")
    with Unharmed(server) as before, contextlib.ExitStack() as stack:
        silent = stack.enter_context(crowd(server, 200))
        before.wait_connected(200)
        with held(server, tmp_path, "slow"):
            newcomers = stack.enter_context(crowd(server, 50))
            for client in silent + newcomers:
                client.send(request_bytes("GET", "/"))
        for client in silent + newcomers:
            assert client.response().text == "hello"


SAID = {"nothing": b"", "half": b"GET / HTTP/1.1\r\nHo", "all": request_bytes("GET", "/")}


@pytest.mark.parametrize("said", SAID)
def test_200_clients_with_64_descriptors(start, tmp_path, said, figure):
    """Each that asks is answered, though all stay connected, whatever they said
    before; the log names the way out."""
    server = start(under=["prlimit", "--nofile=64:64"])
    with Unharmed(server, log_may_grow=True) as before, contextlib.ExitStack() as stack:
        with held(server, tmp_path, "slow"):
            clients = stack.enter_context(crowd(server, 200))
            for client in clients:
                client.send(SAID[said])
        newcomers = stack.enter_context(crowd(server, 20))
        assert all(newcomer.is_kept() for newcomer in newcomers)
        if said == "all":
            assert all(client.response().text == "hello" for client in clients)
        figure("descriptors", descriptors(before.worker))
    server.wait_log(r"\[WARNING\].*ulimit -n")


# Clients that break off.


def resets_at_random(server, request, count, seed):
    """Connections that send a random part of the request and are reset."""
    cuts = random.Random(seed)
    for _ in range(count):
        client = server.connect()
        client.send(request[: cuts.randrange(len(request))])
        client.reset()


STORMS = {
    "connect": lambda server, n: [server.connect().reset() for _ in range(n)],
    "head": lambda server, n: resets_at_random(
        server, request_bytes("GET", "/", [("X-Long", "x" * 5000)]), n, seed=3
    ),
    "body": lambda server, n: resets_at_random(
        server, request_bytes("POST", "/upload", body=b"x" * 100_000), n, seed=4
    ),
    "response": lambda server, n: resets_of_readers(server, n),
}


def resets_of_readers(server, count):
    for _ in range(count // 50):
        with crowd(server, 50, receive_buffer=SMALL_BUFFER) as readers:
            for reader in readers:
                reader.send(request_bytes("GET", "/shared"))
            for reader in readers:
                next(reader.pieces(reader.head()))
                reader.reset()


@pytest.mark.parametrize("where", STORMS)
def test_storm_of_2000_resets(start, where, figure):
    server = start()
    server.get("/shared")
    with Unharmed(server) as before:
        ticks, memory = cpu_ticks(before.worker), Memory(server)
        STORMS[where](server, 2000)
        assert server.get("/").text == "hello"
    figure("processor time", f"{10 * (cpu_ticks(before.worker) - ticks)} ms")
    figure("peak growth", f"{memory.peak_growth_kib() / 1024:.1f} MiB")
    assert SANITIZED or memory.peak_growth_kib() < 16 * 1024


@pytest.mark.ucorn_only
def test_silent_connections_beside_others(serve, backend, figure):
    """Browsers open some ahead of time, and others any number: with several workers, too, they
    are accepted without delay for those who come behind them."""
    server = serve("faultapp:app", "-k", backend, "-w", "2")
    server.wait_workers(2)
    with crowd(server, 600):
        begun = time.monotonic()
        assert server.get("/").text == "hello"
        took = time.monotonic() - begun
    figure("behind 600 silent connections", f"{took * 1000:.0f} ms")
    assert took < 4  # it was 6 s when each of them made a worker wait


@pytest.mark.needs("main-thread")
@pytest.mark.parametrize("connection", ["new", "kept"])
@pytest.mark.parametrize("leave", ["reset", "half-close"])
def test_leaving_while_the_request_waits(start, tmp_path, connection, leave):
    """RST means that nobody wants the answer, so the request is not run; FIN alone
    does not."""
    server = start()
    with Unharmed(server), crowd(server, 10) as clients:
        if connection == "kept":
            assert all(client.is_kept() for client in clients)
        with held(server, tmp_path, "slow"):
            for client in clients:
                client.send(request_bytes("GET", "/run?id=1"))
                if leave == "reset":
                    client.reset()
                else:
                    client.socket.shutdown(socket.SHUT_WR)
        if leave == "half-close":
            for client in clients:
                assert client.response().text == "run"
                assert client.at_end()
        assert server.get("/runs?id=1").text == ("0" if leave == "reset" else "10")


@pytest.mark.needs("main-thread")
def test_reset_of_requests_that_were_read(start, tmp_path):
    """Several requests are found in one turn; while one of them runs the clients of the
    others go."""
    server = start()
    with Unharmed(server), crowd(server, 6) as clients:
        assert all(client.is_kept() for client in clients)
        with held(server, tmp_path, "one"):
            for number, client in enumerate(clients):
                slow = f"/slow?started={tmp_path}/began-{number}&file={tmp_path}/go"
                client.send(request_bytes("GET", slow))

        def began():
            return [int(path.name[6:]) for path in tmp_path.glob("began-*")]

        [running] = until(began, "one of them runs")
        for number, client in enumerate(clients):
            if number != running:
                client.reset()
        (tmp_path / "go").touch()
        assert clients[running].response().text == "slow"
        assert server.get("/").text == "hello"
        assert began() == [running]


@pytest.mark.parametrize("size", [100, 10_000, 3 * MIB])
def test_half_closed_uploads(start, size):
    server, body = start(), some_bytes(size)
    with Unharmed(server), crowd(server, 20) as clients:
        for client in clients:
            client.send(request_bytes("POST", "/upload", body=body))
            client.socket.shutdown(socket.SHUT_WR)
        for client in clients:
            assert client.response("POST").text == sha256(body)
            assert client.at_end()


# Clients that never stop.


class Pipeliner:
    """Sends requests as far as they are taken, and reads when it is told to."""

    def __init__(self, client, count, size=0):
        """That many requests; size: of each, and of each answer, at least."""
        request = request_bytes("GET", f"/field?X-Long={size * 'x'}")
        self.socket = client.socket
        self.socket.setblocking(False)
        self.rest = memoryview(request * count)
        self.answers, self._tail = 0, b""

    def push(self):
        with contextlib.suppress(BlockingIOError):
            while self.rest:
                self.rest = self.rest[self.socket.send(self.rest) :]

    def pull(self):
        """Counts what has come of the answers."""
        with contextlib.suppress(BlockingIOError):
            data = self._tail + self.socket.recv(1 << 20)
            *whole, self._tail = data.split(b"\r\n\r\nfield")
            self.answers += len(whole)


def test_pipelining_without_reading(start, figure):
    """When its answers have filled the socket no more of its requests are run; in the
    end it is given all that it asked for."""
    server, count = start(), 20_000
    with Unharmed(server) as before, server.connect(receive_buffer=SMALL_BUFFER) as client:
        memory, pipeliner = Memory(server), Pipeliner(client, count, size=1000)
        for _ in range(20):
            pipeliner.push()
            assert server.get("/").text == "hello"
        wait_idle(before.worker)
        assert pipeliner.rest, "it could send everything"
        figure("unsent", f"{len(pipeliner.rest) / MIB:.1f} MiB")
        while pipeliner.answers < count:
            select.select([client.socket], [], [], DEADLINE)
            pipeliner.pull()
            pipeliner.push()
        figure("peak growth", f"{memory.peak_growth_kib() / 1024:.1f} MiB")
        assert SANITIZED or memory.peak_growth_kib() < 4 * 1024


def test_pipelining_without_end(start, figure):
    """There is always another of its requests, and yet others have their turn."""
    server, stop = start(), threading.Event()
    with Unharmed(server), server.connect() as client:
        pipeliner = Pipeliner(client, 2_000_000)

        def pump():
            while not stop.is_set():
                pipeliner.push()
                pipeliner.pull()

        thread = threading.Thread(target=pump)
        thread.start()
        try:
            until(lambda: pipeliner.answers > 1000, "it is answered")
            for _ in range(20):
                assert server.get("/").text == "hello"
            figure("its answers for 20 others", pipeliner.answers)
        finally:
            stop.set()
            thread.join()
