"""Many connections at once, and what must be left of them."""

import contextlib
import resource

from .figures import descriptors, wait_idle
from .waiting import until


def raise_descriptor_limit(count):
    """So many can be open from now on, here and in servers that are started here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        assert hard >= count, f"{count} descriptors are needed, {hard} allowed"
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


@contextlib.contextmanager
def crowd(server, count, **options):
    """That many connections to the server; all are closed in the end."""
    raise_descriptor_limit(count + 200)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server.connect(**options)) for _ in range(count)]


class Unharmed:
    """with Unharmed(server): … in the end its one worker is the same, idle, and has
    let go of every connection; it has logged nothing, and a request works."""

    def __init__(self, server, log_may_grow=False):
        self.server, self.log_may_grow = server, log_may_grow

    def __enter__(self):
        with self.server.connect() as client:
            client.request("GET", "/", fields=[("Connection", "close")])
            assert client.at_end()  # so its descriptor has been closed
        (self.worker,) = self.server.workers()
        self.log = self.server.log
        self._descriptors = descriptors(self.worker)
        return self

    def wait_connected(self, count, descriptors_each=1):
        """Waits until the worker has that many connections."""
        goal = self._descriptors + count * descriptors_each
        until(lambda: descriptors(self.worker) == goal, f"there are {count} connections")

    def __exit__(self, kind, *_exc):
        if kind:
            return
        self.wait_connected(0)
        wait_idle(self.worker)
        assert self.server.get("/").text == "hello"
        assert self.server.workers() == [self.worker]
        assert self.log_may_grow or self.server.log == self.log
