"""Constant load that looks at every answer.

Half of the clients keep their connection, half make a new one for each request;
every other request is a POST.  Each request has an id of its own, which the
application has to give back, so that an answer to somebody else's request is
noticed.

What can become of a request:

answered    the right answer, whole
retried     a kept connection had been closed between two requests, as any HTTP
            server may (RFC 9112 9.3.1); the same request got its answer on a new one
refused     no connection could be made
unanswered  the connection ended before the first byte of an answer
truncated   it ended inside the answer
wrong       an answer that is not the right one

python3 -m support.load ADDRESS CLIENTS PREFIX is such a load in a process of its
own: a line on stdin is answered by a line of JSON with what became of requests so
far, the end of stdin by all that is known in the end."""

import collections
import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

from .rawhttp import Client, Truncated, Unanswered, request_bytes
from .waiting import DEADLINE, until

CLIENTS = 8
PROCESSES = 4


class Outcome:
    """What became of requests: counts by outcome; problems, in words; the ids of
    the answered ones."""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exc):
        self.stop()

    def wait_answered(self, more):
        """Waits until that many more requests have been answered."""
        goal = self.counts["answered"] + more
        until(
            lambda: self.counts["answered"] >= goal,
            lambda: f"{goal} answered requests: {dict(self.counts)}, {self.problems[:5]}",
        )

    def check_nothing_was_lost(self, journal, retried_share=0.1):
        """Every request was answered, and was run once, unless the connection that
        it was first sent on had been closed before; few were such."""
        self.stop()
        assert not self.problems, f"{dict(self.counts)}: {self.problems[:10]}"
        assert self.counts["retried"] <= self.counts["answered"] * retried_share, dict(self.counts)
        started = [name for name, _pid in begun(journal)]
        assert set(started) == self.answered_ids
        assert len(started) == len(set(started)), "a request that failed was run all the same"


def begun(journal):
    """The requests that loadapp has begun: pairs of id and worker."""
    pairs = (line.split() for line in journal.read_text().splitlines())
    return [(name, int(pid)) for name, pid in pairs]


class Load(Outcome):
    """with Load(server) as load: … requests run inside the block.

    server: whatever has an address; prefix: what its ids begin with."""

    def __init__(self, server, clients=CLIENTS, prefix=""):
        self.address = server.address
        self.counts = collections.Counter()
        self.problems = []
        self.answered_ids = set()
        self._prefix = prefix
        self._ids = itertools.count()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number % 2 == 0,)) for number in range(clients)
        ]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        """Returns when every request has ended one way or another."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
            assert not thread.is_alive(), "a client hangs"

    def _count(self, outcome, problem=None):
        with self._lock:
            self.counts[outcome] += 1
            if problem:
                self.problems.append(f"{outcome}: {problem}")

    def _run(self, keep):
        client = None
        while not self._stop.is_set():
            with self._lock:
                number = next(self._ids)
            name = f"{self._prefix}{number}"
            body = name.encode() * 500 if number % 2 else None
            try:
                client = self._one_request(client, name, body, keep)
            except Exception as e:
                self._count("wrong", f"request {name}: {e!r}")
                client = None
        if client:
            client.close()

    def _one_request(self, client, name, body, keep):
        """Returns the connection if it can carry another request."""
        reused = client is not None
        try:
            client = client or Client(self.address)
            answer = self._ask(client, name, body, keep)
        except (ConnectionRefusedError, FileNotFoundError) as e:
            self._count("refused", f"request {name}: {e!r}")
            return None
        except Truncated as e:
            self._count("truncated", f"request {name}: {e}")
        except (Unanswered, ConnectionResetError, BrokenPipeError) as e:
            if not reused:
                self._count("unanswered", f"request {name}: {e!r}")
            else:
                client.close()
                self._count("retried")
                return self._one_request(None, name, body, keep)
        else:
            self._check(answer, name, body or b"got")
            if answer.get("Connection") != "close":
                return client
        if client:
            client.close()
        return None

    @staticmethod
    def _ask(client, name, body, keep):
        fields = [("X-Id", name)] + ([] if keep else [("Connection", "close")])
        method = "POST" if body else "GET"
        client.send(request_bytes(method, "/", fields=fields, body=body))
        answer = client.head(method)
        try:
            answer.body = b"".join(client.pieces(answer))
        except ConnectionResetError as e:
            raise Truncated("reset in the body") from e
        return answer

    def _check(self, answer, name, sent):
        if (answer.status, answer.get("X-Id")) != (200, name):
            self._count("wrong", f"request {name}: {answer.raw_head!r}")
        elif answer.body != sent + b" for " + name.encode():
            self._count("wrong", f"request {name}: {answer.body[:200]!r}")
        else:
            self.answered_ids.add(name)
            self._count("answered")

    def report(self):
        with self._lock:
            return {"counts": self.counts, "problems": self.problems}


class WideLoad(Outcome):
    """The same from several processes, whose clients do not wait for each other."""

    def __init__(self, server, processes=PROCESSES, clients=2):
        address = json.dumps(server.address, default=str)
        self._commands = [
            [sys.executable, "-m", "support.load", address, str(clients), f"{number}-"]
            for number in range(processes)
        ]
        self._processes = []
        self._reports = []

    def start(self):
        for command in self._commands:
            process = subprocess.Popen(
                command, cwd=Path(__file__).parents[1], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            self._processes.append(process)

    def stop(self):
        """Returns when every request has ended one way or another."""
        for process in self._processes:
            process.stdin.close()
        for process in self._processes:
            self._reports.append(json.loads(process.stdout.read()))
            process.stdout.close()
            assert process.wait(DEADLINE) == 0
        self._processes = []

    @property
    def counts(self):
        return sum((collections.Counter(r["counts"]) for r in self._known()), collections.Counter())

    @property
    def problems(self):
        return [problem for report in self._known() for problem in report["problems"]]

    @property
    def answered_ids(self):
        """Known when it has stopped."""
        return {name for report in self._reports for name in report["answered_ids"]}

    def _known(self):
        return self._reports + [self._ask_now(process) for process in self._processes]

    @staticmethod
    def _ask_now(process):
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())


def main(address, clients, prefix):
    place = json.loads(address)

    class Server:
        address = tuple(place) if isinstance(place, list) else place

    with Load(Server, int(clients), prefix) as load:
        for _ in sys.stdin:
            print(json.dumps(load.report()), flush=True)
    print(json.dumps({**load.report(), "answered_ids": list(load.answered_ids)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
