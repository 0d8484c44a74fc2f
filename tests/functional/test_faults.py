"""Crowds of slow clients: the others are served meanwhile, and memory stays
within a bound that each test states.  Run with -s to see the figures."""

import hashlib
import socket

import pytest

from support.backends import has
from support.crowd import Unharmed, crowd
from support.figures import SANITIZED, Memory
from support.rawhttp import chunked, request_bytes
from support.web import MIB, sha256, some_bytes

pytestmark = [pytest.mark.ucorn_only, pytest.mark.threads]

SMALL_BUFFER = 16384
LARGE_BYTES = 50 * MIB
UPLOAD_BYTES = 64 * MIB
ROUNDS = 16  # bytes that each slow client sends while others are served

#: Nobody is cut off for being slow here; that has tests of its own.
PATIENT = [
    "--client-header-timeout", "600", "--client-body-timeout", "600",
    "--client-body-min-rate", "0", "--send-timeout", "600",
]  # fmt: skip


@pytest.fixture
def server(serve, backend):
    return serve("faultapp:app", "-k", backend, "-w", "1", *PATIENT)


def check_slow_senders(server, requests, figure, bound_kib, descriptors_each=1):
    """All but the last ROUNDS + 1 bytes of the requests come at once, these one by
    one; a fresh client is served after each round.  Half of them finish, the others
    go away."""
    with Unharmed(server) as before, crowd(server, len(requests)) as slow:
        memory = Memory(server)
        for client, request in zip(slow, requests):
            client.send(request[: -ROUNDS - 1])
        for position in range(-ROUNDS - 1, -1):
            for client, request in zip(slow, requests):
                client.send(request[position : position + 1])
            assert server.get("/").text == "hello"
        before.wait_connected(len(slow), descriptors_each)
        figure("growth per connection", f"{memory.growth_kib() / len(slow):.1f} KiB")
        assert SANITIZED or memory.growth_kib() < bound_kib
        for client, request in zip(slow[::2], requests[::2]):
            client.send(request[-1:])
        for client in slow[::2]:
            assert client.response().status == 200


def test_500_slow_heads(server, figure):
    """4 KiB each: an input buffer of 16 KiB and the connection itself."""
    request = request_bytes("GET", "/", [("X-Long", "x" * 4000)])
    check_slow_senders(server, 500 * [request], figure, 500 * 24)


def test_500_slow_bodies_in_memory(server, figure):
    """The largest that are kept in memory: an input buffer and the body, whose
    buffer doubles as it grows."""
    request = request_bytes("POST", "/upload", body=some_bytes(60000))
    check_slow_senders(server, 500 * [request], figure, 500 * 128)


def test_500_slow_bodies_in_files(server, figure):
    """Up to --client-body-buffer-size gathers in memory until it is written."""
    request = request_bytes("POST", "/upload", body=some_bytes(100_000))
    check_slow_senders(server, 500 * [request], figure, 500 * 128, descriptors_each=2)


# Readers.


def large_target(server, how, directory):
    """What to ask for, and the checksum of its body; the large object exists from
    here on."""
    body = server.get("/shared").body
    assert len(body) == LARGE_BYTES
    if how == "file":
        (directory / "large").write_bytes(body)
        return f"/file?file={directory}/large&length={LARGE_BYTES}", sha256(body)
    return {"object": "/shared", "generator": "/pieces"}[how], sha256(body)


@pytest.mark.parametrize("how", ["object", "file", "generator"])
def test_200_slow_readers_of_50_mib(server, backend, how, tmp_path, figure):
    if how == "generator" and not has(backend, "slow-readers"):
        pytest.skip("an unfinished iterable waits for its reader")
    target, checksum = large_target(server, how, tmp_path)
    with Unharmed(server), crowd(server, 200, receive_buffer=SMALL_BUFFER) as readers:
        memory = Memory(server)
        for reader in readers:
            reader.send(request_bytes("GET", target))
        bodies = [reader.pieces(reader.head()) for reader in readers]
        checksums = [hashlib.sha256() for _ in readers]
        for _ in range(ROUNDS):
            for body, so_far in zip(bodies, checksums):
                so_far.update(next(body))
            assert server.get("/").text == "hello"
        figure("growth", f"{memory.growth_kib() / 1024:.1f} MiB")
        for reader, body, so_far in list(zip(readers, bodies, checksums))[::40]:
            reader.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * MIB)
            for piece in body:
                so_far.update(piece)
            assert so_far.hexdigest() == checksum
        figure("peak growth", f"{memory.peak_growth_kib() / 1024:.1f} MiB")
        assert SANITIZED or memory.peak_growth_kib() < 64 * 1024


# Uploads.


def large_upload(how):
    """The parts of a request with UPLOAD_BYTES of body, and its checksum."""
    piece, count = some_bytes(MIB), UPLOAD_BYTES // MIB
    checksum = hashlib.sha256()
    for _ in range(count):
        checksum.update(piece)
    if how == "length":
        head = request_bytes("POST", "/upload", [("Content-Length", str(UPLOAD_BYTES))])
        return [head] + count * [piece], checksum.hexdigest()
    end = chunked()
    chunk = chunked(*(piece[start : start + 50_000] for start in range(0, MIB, 50_000)))
    head = request_bytes("POST", "/upload", [("Transfer-Encoding", "chunked")])
    return [head] + count * [chunk.removesuffix(end)] + [end], checksum.hexdigest()


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_upload_of_64_mib(server, how, figure):
    parts, checksum = large_upload(how)
    with Unharmed(server), server.connect() as client:
        memory = Memory(server)
        for part in parts:
            client.send(part)
        assert client.response("POST").text == checksum
        figure("peak growth", f"{memory.peak_growth_kib() / 1024:.1f} MiB")
        assert SANITIZED or memory.peak_growth_kib() < 16 * 1024
