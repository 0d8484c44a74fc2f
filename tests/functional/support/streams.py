"""Many server-sent-event streams from one client process.

python3 -m support.streams ADDRESS COUNT PERIOD EVENTS asks for COUNT streams of waitapp's /ticks,
spread over one period, and reads each to its end.  It prints a line of JSON when all are open, and
another with what came: how late each event was (CLOCK_MONOTONIC is the same in all processes), and
how many streams were not what they should be."""

import contextlib
import json
import re
import selectors
import socket
import subprocess
import sys
import time
from pathlib import Path

from .rawhttp import request_bytes
from .waiting import DEADLINE

EVENT = re.compile(rb"data: ([\d.]+)\n\n")


class Stream:
    def __init__(self, address, request):
        self.socket = socket.create_connection(address)
        self.socket.sendall(request)
        self.socket.setblocking(False)
        self.tail = b""
        self.late_s = []
        self.ended = False

    def read(self):
        """False when nothing more will come."""
        data = self.socket.recv(65536)
        now = time.monotonic()
        self.tail += data
        for match in EVENT.finditer(self.tail):
            self.late_s.append(now - float(match[1]))
        self.ended = self.tail.endswith(b"\r\n0\r\n\r\n")
        self.tail = self.tail[self.tail.rfind(b"\n\n") + 2 :][-200:]
        return bool(data) and not self.ended


def run(address, count, period, events):
    request = request_bytes("GET", f"/ticks?period={period}&count={events}")
    selector = selectors.DefaultSelector()
    streams, left = [], count
    begun = time.monotonic()
    end = begun + period * (events + 1) + DEADLINE
    while left and time.monotonic() < end:
        due = min(count, int((time.monotonic() - begun) / period * count) + 1)
        for _ in range(len(streams), due):
            stream = Stream(address, request)
            streams.append(stream)
            selector.register(stream.socket, selectors.EVENT_READ, stream)
            if len(streams) == count:
                print(json.dumps({"open": count}), flush=True)
        for key, _ in selector.select(0.001 if due < count else 1):
            if not key.data.read():
                selector.unregister(key.fileobj)
                left -= 1
    return streams


def report(streams, events):
    late_s = sorted(late for stream in streams for late in stream.late_s)
    return {
        "incomplete": sum(not s.ended or len(s.late_s) != events for s in streams),
        "events": len(late_s),
        "p99_late_s": late_s[len(late_s) * 99 // 100],
        "max_late_s": late_s[-1],
    }


@contextlib.contextmanager
def streams(server, count, period, events):
    """with streams(…) as finish: … they are open; finish() returns the report."""
    command = [sys.executable, "-m", "support.streams", json.dumps(server.address)]
    with subprocess.Popen(
        [*command, *map(str, (count, period, events))], cwd=Path(__file__).parents[1], text=True,
        stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert json.loads(process.stdout.readline()) == {"open": count}
            yield lambda: json.loads(process.stdout.readline())
        finally:
            process.kill()


def main(address, count, period, events):
    found = run(tuple(json.loads(address)), int(count), float(period), int(events))
    print(json.dumps(report(found, int(events))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
