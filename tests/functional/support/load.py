"""Constant load that looks at every answer.

Half of the clients keep their connection, half make a new one for each request;
all mix GET and POST.  Each request has an id of its own, which the application
has to give back, so that an answer to somebody else's request is noticed.

What can become of a request:

answered    the right answer, whole
retried     a kept connection had been closed between two requests, as any HTTP
            server may; the same request got its answer on a new one
refused     no connection could be made
unanswered  the connection ended before the first byte of an answer
truncated   it ended inside the answer
wrong       an answer that is not the right one
"""

import collections
import itertools
import threading

from .rawhttp import Client, Truncated, Unanswered
from .waiting import DEADLINE, until

CLIENTS = 8


class Load:
    """with Load(server) as load: … requests run inside the block."""

    def __init__(self, server):
        self.address = server.address
        self.counts = collections.Counter()
        self.problems = []
        self.answered_ids = set()
        self._ids = itertools.count()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number % 2 == 0,)) for number in range(CLIENTS)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc):
        self.stop()

    def stop(self):
        """Returns when every request has ended one way or another."""
        self._stop.set()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
            assert not thread.is_alive(), "a client hangs"

    def wait_answered(self, more):
        """Waits until that many more requests have been answered."""
        goal = self.counts["answered"] + more
        until(
            lambda: self.counts["answered"] >= goal,
            f"{goal} answered requests: {dict(self.counts)}, {self.problems[:5]}",
        )

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
            try:
                client = self._one_request(client, str(number), keep)
            except Exception as e:
                self._count("wrong", repr(e))
                client = None
        if client:
            client.close()

    def _one_request(self, client, name, keep):
        """Returns the connection if it can carry another request."""
        reused = client is not None
        body = name.encode() * 500 if int(name) % 3 == 0 else None
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
                return self._one_request(None, name, keep)
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
        return client.request("POST" if body else "GET", "/", fields=fields, body=body)

    def _check(self, answer, name, sent):
        if (answer.status, answer.get("X-Id")) != (200, name):
            self._count("wrong", f"request {name}: {answer.raw_head!r}")
        elif answer.body != sent + b" for " + name.encode():
            self._count("wrong", f"request {name}: {answer.body[:200]!r}")
        else:
            self.answered_ids.add(name)
            self._count("answered")
