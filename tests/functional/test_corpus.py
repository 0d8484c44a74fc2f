"""The corpus of tests/http over real sockets: each case whole, byte by byte and cut
in two, on servers with the options that its row names.  tests/unit/test_corpus.c has
the same cases over the memory transport, at every cut."""

import csv
import fcntl
import re
import socket
import struct
import termios
import time
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest

from support.rawhttp import Client
from support.waiting import DEADLINE

CORPUS = Path(__file__).resolve().parents[1] / "http"
DATE = re.compile(rb"^Date: .*?\r$", re.MULTILINE)
EXPECTED_DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"

#: No deadline of the server's has a say in a verdict.
PATIENT = [f"--{name}={DEADLINE * 2:.0f}" for name in (
    "keep-alive", "client-header-timeout", "client-body-timeout", "lingering-timeout",
)] + ["--client-body-min-rate=0"]  # fmt: skip


class Case(NamedTuple):
    name: str
    options: str
    request: bytes
    answer: bytes

    @property
    def may_be_reset(self):
        """Whether there may be bytes on their way when the server closes, as it may
        behind the last answer; refusals are waited for until the client has them."""
        return not self.name.startswith("bad-") and b"\r\nConnection: close\r\n" in self.answer


def read_cases():
    with open(CORPUS / "cases.tsv", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Case(
            row["name"],
            row["options"],
            (CORPUS / f"{row['name']}.http").read_bytes(),
            (CORPUS / f"{row['name']}.expect").read_bytes(),
        )
        for row in rows
    ]


CASES = read_cases()
OPTIONS = sorted({case.options for case in CASES})


class Conversation:
    """Sends pieces, as soon as the one before was taken if they are spaced, then
    closes its side; gathers what is answered up to the end.  Never blocks."""

    def __init__(self, address, case, pieces, spaced):
        self.case = case
        self.pieces = list(reversed(pieces))
        self.spaced = spaced
        self.received = b""
        self.cut_off = False  # while there was something left to send
        self.ended = None  # "closed" or "reset"
        self.client = Client(address)
        self.socket = self.client.socket
        self.socket.setblocking(False)
        if isinstance(address, tuple):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def advance(self):
        """Returns whether anything could be done."""
        return self._receive() or self._send()

    @property
    def is_over(self):
        return self.ended is not None and not self.pieces

    def _receive(self):
        if self.ended:
            return False
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            self.cut_off, data = True, b""
        self.received += data
        if not data:
            self.ended = "reset" if self.cut_off else "closed"
        return True

    def _send(self):
        if self.pieces is None or (self.spaced and self._unread_by_the_server()):
            return False
        try:
            if self.pieces:
                piece = self.pieces.pop()
                assert self.socket.send(piece) == len(piece)
            else:
                self.pieces = None
                self.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            # What was answered before may still be there to be read.
            self.pieces, self.cut_off = None, True
            self.ended = self.ended and "reset"
        return True

    def _unread_by_the_server(self):
        """On a unix socket the kernel counts what we sent until it is read."""
        return struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4)))[0]

    def problem(self, how):
        """What is wrong with what came, or None."""
        received = DATE.sub(EXPECTED_DATE, self.received)
        if "continue" in self.case.name:  # then it depends on the pace
            received = received.replace(INTERIM, b"")
        if received != self.case.answer:
            return f"{self.case.name}, {how}: {received!r}\nis not {self.case.answer!r}"
        if self.ended == "reset" and not self.case.may_be_reset:
            return f"{self.case.name}, {how}: the connection was reset"
        return None


def converse(conversations):
    """Has all conversations at once."""
    end = time.monotonic() + DEADLINE
    pending = conversations
    while pending:
        if not any([c.advance() for c in pending]):
            names = [c.case.name for c in pending]
            assert time.monotonic() < end, f"these do not come to an end: {names}"
            time.sleep(0.0001)
        pending = [c for c in pending if not c.is_over]


def whole(case):
    return [case.request]


def single_bytes(case):
    return [bytes([byte]) for byte in case.request]


def cut_in_two(case):
    """At a place that belongs to the case."""
    place = 1 + zlib.crc32(case.name.encode()) % (len(case.request) - 1)
    return [case.request[:place], case.request[place:]]


def problems(server, unix, cases):
    for how, address, split, spaced in (
        ("whole", server.address, whole, False),
        ("byte by byte", server.address, single_bytes, False),
        ("byte by byte, each after the other was read", unix, single_bytes, True),
        ("cut in two", unix, cut_in_two, True),
    ):
        conversations = [Conversation(address, case, split(case), spaced) for case in cases]
        converse(conversations)
        for conversation in conversations:
            conversation.client.close()
            yield conversation.problem(how)


@pytest.mark.ucorn_only
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options or "default")
def test_corpus(serve, backend, options, tmp_path):
    unix = tmp_path / "socket"
    server = serve(
        "echoapp:app", "-k", backend, "-w", "1", "-b", f"unix:{unix}", *PATIENT, *options.split()
    )
    workers = server.workers()
    cases = [case for case in CASES if case.options == options]
    found = [problem for problem in problems(server, unix, cases) if problem]
    assert not found, "\n".join(found)
    assert server.workers() == workers
