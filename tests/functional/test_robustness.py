"""What applications and clients do to a server that must not matter to others."""

import contextlib
import os
import signal
import socket
import threading

import pytest

from support import processes
from support.rawhttp import Client, request_bytes
from support.waiting import until

SMALL_BUFFER = 16384


@pytest.fixture
def rough(serve, backend):
    """Starts roughapp with one worker."""

    def start(*args, **options):
        return serve("roughapp:app", "-k", backend, "-w", "1", *args, **options)

    return start


def only(server):
    (pid,) = server.workers()
    return pid


# Connections.


def test_silent_connections_cost_no_descriptor(rough):
    """0 is what a descriptor that was never set is taken for."""
    server = rough()
    before = server.get("/descriptor?fd=0").text
    assert ":" in before
    for _ in range(3):
        with server.connect() as silent:
            silent.socket.shutdown(socket.SHUT_WR)
            assert silent.at_end()
    assert server.get("/descriptor?fd=0").text == before


@contextlib.contextmanager
def repeating(server, target, clients):
    """Runs clients that each ask for target again as soon as they are answered."""
    stop, answers = threading.Event(), []
    connections = [server.connect() for _ in range(clients)]

    def ask(client):
        while not stop.is_set():
            answers.append(client.request("GET", target).status)

    threads = [threading.Thread(target=ask, args=[client]) for client in connections]
    for thread in threads:
        thread.start()
    try:
        until(lambda: len(answers) > 4 * clients, "all of them ask again and again")
        yield
    finally:
        stop.set()
        for thread, client in zip(threads, connections):
            thread.join()
            client.close()
    assert set(answers) == {200}


@pytest.mark.keepalive
def test_newcomers_at_a_saturated_worker(rough):
    server = rough()
    with repeating(server, "/nap", 8):
        for _ in range(5):
            assert server.get("/").text == "hello"


@pytest.mark.ucorn_only
@pytest.mark.needs("beside-streams")
def test_newcomers_beside_an_endless_stream(rough):
    """Its reader keeps up with it, so it always has its next turn to wait for."""
    server, stop = rough(), threading.Event()

    def read(client):
        while not stop.is_set():
            assert client.socket.recv(65536)

    with server.connect() as client:
        client.send(request_bytes("GET", "/endless?nap=0.001"))
        reader = threading.Thread(target=read, args=[client])
        reader.start()
        try:
            for _ in range(5):
                assert server.get("/").text == "hello"
        finally:
            stop.set()
            reader.join()


def ask_and_not_read(server, target):
    client = server.connect(receive_buffer=SMALL_BUFFER)
    client.send(request_bytes("GET", target))
    next(client.pieces(client.head()))
    return client


@pytest.mark.full
@pytest.mark.ucorn_only
def test_waiting_for_a_reader_is_no_timeout(rough, tmp_path):
    """The application's own clock tells when two timeouts have passed."""
    server = rough("-t", "2")
    worker = only(server)
    with ask_and_not_read(server, f"/endless?seconds=5&file={tmp_path}/passed"):
        until((tmp_path / "passed").exists, "some time has passed")
        assert only(server) == worker
        assert "WORKER TIMEOUT" not in server.log


@pytest.mark.parametrize("name", ["TERM", "INT"])
@pytest.mark.ucorn_only
def test_waiting_for_a_reader_does_not_delay_the_stop(rough, name):
    """Beyond the graceful timeout it would take a SIGKILL."""
    server = rough("--graceful-timeout", "2")
    with ask_and_not_read(server, "/endless"):
        server.signal(getattr(signal, f"SIG{name}"))
        assert server.wait_exit() == 0
    assert "was sent SIG" not in server.log


@pytest.mark.ucorn_only
def test_request_that_waits_longer_than_keep_alive(rough, tmp_path):
    """It was in the socket in time: that nobody looked was not its client's fault."""
    server = rough("--keep-alive", "1")
    with server.connect() as holder, server.connect() as kept:
        holder.send(request_bytes("GET", "/"))
        assert kept.is_kept()
        holder.response()
        target = f"/hold?seconds=1.5&started={tmp_path}/started&file={tmp_path}/go"
        holder.send(request_bytes("GET", target))
        until((tmp_path / "started").exists, "the worker is held")
        kept.send(request_bytes("GET", "/pid"))
        (tmp_path / "go").touch()
        assert holder.response().text == "held"
        assert kept.response().text == str(only(server))


@pytest.mark.ucorn_only
def test_as_many_connections_as_allowed(rough):
    """Nobody has to make room before there is one too many."""
    server = rough("--worker-connections", "2", "--keep-alive", "60")
    with server.connect() as one, server.connect() as other:
        for _ in range(3):
            assert one.is_kept() and other.is_kept()


@pytest.mark.ucorn_only
@pytest.mark.needs("main-thread")
def test_making_room_costs_no_request(rough, tmp_path):
    """A connection too many, found in the same turn as a request; while that one
    runs another comes on the connection that has been idle longest."""
    server = rough("--worker-connections", "2", "--keep-alive", "60")
    with server.connect() as oldest, server.connect() as other:
        assert oldest.is_kept() and other.is_kept()
        with processes.stopped(only(server)):
            target = f"/slow?started={tmp_path}/started&file={tmp_path}/go"
            other.send(request_bytes("GET", target))
            third = server.connect()
            third.send(request_bytes("GET", "/"))
        with third:
            until((tmp_path / "started").exists, "the worker is held")
            oldest.send(request_bytes("GET", "/pid"))
            (tmp_path / "go").touch()
            assert other.response().text == "slow"
            assert oldest.response().text == str(only(server))
            assert third.response().text == "hello"


def test_half_of_a_body_that_only_the_close_ends(rough):
    """An end like any other would make it look whole."""
    server = rough()
    with server.connect() as client, pytest.raises(ConnectionResetError):
        client.request("GET", "/boom-late", version="HTTP/1.0")


# Processes and signals of the application's own.


@pytest.mark.ucorn_only
@pytest.mark.parametrize("how", ["fork", "multiprocessing"])
def test_child_of_a_view_can_be_terminated(rough, how):
    server = rough()
    worker, log = only(server), server.log
    assert server.get(f"/terminate-child?how={how}").text == str(-signal.SIGTERM)
    assert server.get("/pid").text == str(worker)
    assert server.log == log


@pytest.mark.ucorn_only
@pytest.mark.parametrize("how, code", [("exit", 5), ("return", 0)])
def test_child_that_leaves_its_view_is_no_worker(rough, how, code):
    server = rough()
    worker, log = only(server), server.log
    with server.connect() as client:
        fields = [("Connection", "close")]
        assert client.request("GET", f"/runaway-child?how={how}", fields=fields).text == str(code)
        assert client.at_end()
    assert {process.pid for process in processes.of_session(server.pid)} == {server.pid, worker}
    assert server.get("/pid").text == str(worker)
    assert server.log == log


@pytest.mark.ucorn_only
def test_child_that_leaves_its_view_ends_as_python_does(rough, backend):
    """Its threads are joined before atexit functions run, but for those that are greenlets, as
    without a server; and what it has printed is written."""
    server = rough()
    joined = "" if backend in ("gevent", "eventlet") else "thread "
    assert server.get("/child-with-an-end").text == f"{joined}atexit"
    server.wait_stdout("^printed by the child$")


def check_stops_by_itself(server):
    server.stop()
    assert server.in_log(r"Worker exiting \(pid: \d+\)$")
    assert "SIGKILL" not in server.log


@pytest.mark.ucorn_only
@pytest.mark.parametrize("what", ["signal", "wakeup"])
def test_signal_handling_taken_at_import(rough, what):
    check_stops_by_itself(rough("--graceful-timeout", "5", env={"AT_IMPORT": what}))


@pytest.mark.ucorn_only
def test_wakeup_taken_by_a_view(rough):
    server = rough("--graceful-timeout", "5")
    server.get("/drop-wakeup")
    check_stops_by_itself(server)


def test_preloaded_application_is_let_go_of(rough):
    server = rough("--preload")
    assert server.get("/").text == "hello"
    check_stops_by_itself(server)
    assert "Traceback" not in server.log


@pytest.mark.ucorn_only
def test_signals_while_a_worker_ends(rough, tmp_path):
    """One that has served its last request, in the application's atexit function."""
    leaving, may_leave = tmp_path / "leaving", tmp_path / "may-leave"
    env = {"LEAVING": str(leaving), "MAY_LEAVE": str(may_leave)}
    server = rough("--max-requests", "2", env=env)
    worker = only(server)
    server.get("/")
    until(leaving.exists, "the worker leaves")
    assert server.get("/pid").text != str(worker)
    for number in (signal.SIGUSR1, signal.SIGHUP):
        server.signal_and_wait(number)
    server.wait_workers(3)  # it, its successor, and the new generation
    may_leave.touch()
    until(lambda: processes.look(worker) is None, "the worker is gone")
    assert f"Worker (pid:{worker}) was sent" not in server.log


# write() and the ends of streams.


def test_empty_write_sends_no_head(rough):
    answer = rough().get("/empty-write")
    assert (answer.status, answer.text) == (503, "replaced")


@pytest.mark.ucorn_only
def test_write_to_a_client_that_has_gone(rough, tmp_path):
    server = rough()
    client = server.connect()
    client.send(request_bytes("GET", f"/write-to-nobody?id=gone&file={tmp_path}/gone"))
    assert next(client.pieces(client.head())) == b"first"
    client.reset()
    (tmp_path / "gone").touch()
    until(lambda: server.get("/count?id=gone").text == "1", "the application has ended")
    assert server.get("/count?id=gone+raised").text == "1"


@pytest.mark.ucorn_only
@pytest.mark.needs_no("waiting-writes")
def test_write_does_not_fill_memory(rough, tmp_path):
    # A sanitizer keeps freed memory for a while; less of it says the same.
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    server, grown = rough(env={"ASAN_OPTIONS": options}), tmp_path / "grown"
    with Client(server.address, receive_buffer=SMALL_BUFFER) as client:
        client.send(request_bytes("GET", f"/measured-write?n=100000&count=300&file={grown}"))
        until(grown.exists, "the application has written all")
        assert int(grown.read_text()) < 16 * 1024
        body = client.response().body
    piece = server.get("/size?n=100000").body
    assert len(body) == 300 * len(piece)
    assert body == piece * 300


@pytest.mark.ucorn_only
@pytest.mark.parametrize("name", ["generator", "no-close"])
def test_streams_end_in_their_own_context(rough, name):
    server = rough()
    log = server.log
    ask_and_not_read(server, f"/token-stream?id={name}").close()
    until(lambda: server.get(f"/count?id={name}").text == "1", "the stream has ended")
    server.get("/")
    assert server.log == log


# Process titles.


def title(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().rstrip(b"\0").decode()


@pytest.mark.ucorn_only
def test_process_titles(rough):
    """They stand where the environment was: nothing of that may be lost."""
    long = "long " * 1000
    server = rough("-n", "shop", "-e", "RAW=raw", env={"LONG": long, "LAST": "last"})
    assert title(server.pid) == "ucorn: master [shop]"
    assert title(only(server)) == "ucorn: worker [shop]"
    for name, value in {"LONG": long, "LAST": "last", "RAW": "raw"}.items():
        assert server.get(f"/variable?name={name}").text == value
        assert server.get(f"/inherited?name={name}").text == value
