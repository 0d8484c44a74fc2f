"""Clients that are slow, silent or gone cost the others nothing."""

import contextlib
import socket

import pytest

from support.rawhttp import Client, request_bytes
from support.waiting import until
from support.web import MIB, sha256

SMALL_BUFFER = 16384


@pytest.fixture
def server(serve, backend):
    return serve("wsgiapp:app", "-k", backend, "-w", "1")


def check_big_body(body, size):
    """The application's pattern: bodies of a kilobyte more begin the same."""
    assert len(body) == size
    assert body[:1024] == body[1024:2048]
    whole = body[:1024] * (size // 1024 + 1)
    assert body == whole[:size]


@pytest.mark.ucorn_only
def test_silent_and_dribbling_clients(server):
    """Fifty that say nothing and fifty that send a byte now and then: others
    are answered all the time, and a dribbler in the end too."""
    request = request_bytes("GET", "/pid")
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(server.connect())
        dribblers = [stack.enter_context(server.connect()) for _ in range(50)]
        for byte in request[:-1]:
            for dribbler in dribblers:
                dribbler.send(bytes([byte]))
            assert server.get("/").text == "hello"
        for dribbler in dribblers:
            dribbler.send(request[-1:])
        workers = [str(pid) for pid in server.workers()]
        assert {dribbler.response().text for dribbler in dribblers} == set(workers)


@pytest.mark.ucorn_only
def test_dribbled_bodies(server):
    """The application starts when a body is complete: until then it is free."""
    with contextlib.ExitStack() as stack:
        uploads = [stack.enter_context(server.connect()) for _ in range(20)]
        for upload in uploads:
            upload.send(request_bytes("POST", "/echo", body=b"0123456789")[:-9])
        for byte in b"123456789":
            assert server.get("/").text == "hello"
            for upload in uploads:
                upload.send(bytes([byte]))
        for upload in uploads:
            assert upload.response("POST").json() == ["0123456789", ""]


def check_others_are_served(server, target, size):
    with Client(server.address, receive_buffer=SMALL_BUFFER) as reader:
        reader.send(request_bytes("GET", target))
        pieces = reader.pieces(reader.head())
        body = next(pieces)
        for _ in range(10):
            assert server.get("/").text == "hello"
            body += next(pieces)
        check_big_body(body + b"".join(pieces), size)


@pytest.mark.ucorn_only
def test_slow_reader_of_a_finished_body(server):
    check_others_are_served(server, f"/size?n={5 * MIB}", 5 * MIB)


@pytest.mark.ucorn_only
@pytest.mark.needs("slow-readers")
def test_slow_reader_of_a_generator(server):
    check_others_are_served(server, f"/stream?n=65536&count={5 * 16}", 5 * MIB)


@pytest.mark.ucorn_only
def test_slow_reader_of_a_file(server, tmp_path):
    file = tmp_path / "big"
    file.write_bytes(server.get(f"/size?n={5 * MIB}").body)
    check_others_are_served(server, f"/file?file={file}&length={5 * MIB}", 5 * MIB)


def test_slow_reader_gets_all_of_it(server):
    with Client(server.address, receive_buffer=SMALL_BUFFER) as reader:
        check_big_body(reader.request("GET", f"/size?n={5 * MIB}").body, 5 * MIB)


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_client_gone_in_the_middle(server, leave):
    """Its iterable is closed, nobody is told about it, and the worker lives on."""
    workers, log = server.workers(), server.log
    client = Client(server.address, receive_buffer=SMALL_BUFFER)
    client.send(request_bytes("GET", "/stream?n=65536&count=100000&id=gone"))
    next(client.pieces(client.head()))
    leave(client)
    until(lambda: server.get("/closed?id=gone").text == "1", "the iterable is closed")
    assert server.log == log
    assert server.workers() == workers


@pytest.mark.parametrize("part", [1, 20, -1])
def test_client_gone_inside_its_request(server, part):
    workers, log = server.workers(), server.log
    for leave in (Client.close, Client.reset):
        client = server.connect()
        client.send(request_bytes("POST", "/echo", body=b"half of it")[:part])
        leave(client)
    assert server.get("/").text == "hello"
    assert (server.workers(), server.log) == (workers, log)


def test_storm_of_connections_that_are_reset(server):
    workers = server.workers()
    for _ in range(300):
        server.connect().reset()
    assert server.get("/").text == "hello"
    assert server.workers() == workers


def test_uploads_that_wait_in_the_socket(serve, backend, tmp_path):
    """The worker is held while bodies of many sizes come in whole: however many
    reads it takes later, none forgets its last bytes."""
    bind = [f"unix:{tmp_path}/socket"]
    server = serve("wsgiapp:app", "-k", backend, "-w", "1", bind=bind)
    bodies = [b"x" * size for size in range(4000, 320_000, 4000)]
    with contextlib.ExitStack() as stack:
        holder, *uploads = [stack.enter_context(server.connect()) for _ in range(len(bodies) + 1)]
        holder.send(request_bytes("GET", f"/slow?started={tmp_path}/started&file={tmp_path}/go"))
        until((tmp_path / "started").exists, "the worker is held")
        for upload, body in zip(uploads, bodies):
            upload.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(body))
            upload.send(request_bytes("POST", "/checksum", body=body))
        (tmp_path / "go").touch()
        assert holder.response().text == "slow"
        for upload, body in zip(uploads, bodies):
            assert upload.response("POST").text == sha256(body), f"of {len(body)} bytes"
