"""Good clients beside all kinds of others, for a while.

UCORN_LOAD_SECONDS  how long (default: 3; the run for ThreadSanitizer takes 600)"""

import itertools
import os
import random
import socket
import threading
import time

import pytest

from support.load import WideLoad
from support.rawhttp import Client, request_bytes

pytestmark = pytest.mark.everywhere

SECONDS = float(os.environ.get("UCORN_LOAD_SECONDS", "3"))
KIB = 1024


def leave_in_the_head(client, dice):
    client.send(request_bytes("GET", "/")[: dice.randrange(1, 30)])
    client.reset()


def leave_in_the_body(client, dice):
    client.send(request_bytes("POST", "/checksum", body=bytes(300 * KIB))[: dice.randrange(300 * KIB)])


def leave_before_the_answer(client, dice):
    client.send(request_bytes("GET", "/stream?n=1000&count=50"))
    client.reset()


def leave_in_a_stream(client, dice):
    client.send(request_bytes("GET", "/stream?n=65536&count=50"))
    next(client.pieces(client.head()))


def read_slowly(client, dice):
    client.send(request_bytes("GET", f"/size?n={500 * KIB}"))
    for _ in range(dice.randrange(5)):
        client.socket.recv(KIB)
        time.sleep(0.01)


def upload(client, dice):
    size = dice.choice([10, 10 * KIB, 200 * KIB])
    assert client.request("POST", "/checksum", body=bytes(size)).status == 200


def read_a_stream(client, dice):
    assert len(client.request("GET", "/stream?n=1000&count=20").body) == 20 * 1000


def pipeline(client, dice):
    client.send(request_bytes("GET", "/pid") * 6)
    for _ in range(6):
        assert client.response().status == 200


def send_rubbish(client, dice):
    client.send(dice.choice([b"\r\n \r\n", b"GET / HTTP/9.9\r\n\r\n", bytes(range(256))]))
    client.socket.recv(KIB)


def fail(client, dice):
    assert client.request("GET", "/boom").status == 500


def hint_and_write(client, dice):
    assert client.request("GET", "/write").status == 200


KINDS = [
    leave_in_the_head, leave_in_the_body, leave_before_the_answer, leave_in_a_stream, read_slowly,
    upload, read_a_stream, pipeline, send_rubbish, fail, hint_and_write,
]  # fmt: skip


class Others(threading.Thread):
    """Clients of all kinds, one after the other."""

    def __init__(self, server, seed, stop):
        super().__init__()
        self.server, self.dice, self.stop = server, random.Random(seed), stop
        self.counts, self.problem = dict.fromkeys(KINDS, 0), None

    def run(self):
        while not self.stop.is_set() and not self.problem:
            kind = self.dice.choice(KINDS)
            try:
                with Client(self.server.address, receive_buffer=16 * KIB) as client:
                    kind(client, self.dice)
                self.counts[kind] += 1
            except (socket.timeout, ConnectionError, AssertionError) as e:
                # What is sent behind a refusal may meet its reset.
                if kind not in (send_rubbish, leave_in_the_body):
                    self.problem = f"{kind.__name__}: {e!r}"


def test_good_clients_notice_nothing(serve, backend, tmp_path, figure):
    journal = tmp_path / "journal"
    server = serve("mixedapp:app", "-k", backend, "-w", "2", env={"LOAD_JOURNAL": str(journal)})
    workers, stop = server.wait_workers(2), threading.Event()
    others = [Others(server, seed, stop) for seed in range(4)]
    with WideLoad(server, processes=2) as load:
        for thread in others:
            thread.start()
        stop.wait(SECONDS)
        load.wait_answered(100)
        stop.set()
        for thread in others:
            thread.join()
    assert [thread.problem for thread in others] == [None] * len(others)
    load.check_nothing_was_lost(journal)
    done = sum(itertools.chain(*(thread.counts.values() for thread in others)))
    figure("others", done)
    figure("answered", load.counts["answered"])
    assert done > len(KINDS)
    assert server.workers() == workers
