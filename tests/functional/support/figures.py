"""What a server's processes use, as /proc tells it: memory, descriptors, time.

Only the server's own memory counts here: what the kernel holds for sockets and
the page cache is not in these figures."""

import os
import re
from collections import deque
from pathlib import Path

from . import processes
from .server import BINARY
from .waiting import until

THREAD_SANITIZED = b"__tsan_init" in BINARY.read_bytes()

#: A sanitized build keeps freed memory and surrounds what is in use: what its
#: memory grows by says nothing about the server.
SANITIZED = THREAD_SANITIZED or b"__asan_init" in BINARY.read_bytes()

#: Looks at a process, 10 ms apart, in which an idle one uses hardly any time.
LOOKS = 20


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_ticks(pid):
    """Processor time so far, user and system, in ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def wait_idle(pid):
    """Waits until the process has stopped using the processor."""
    ticks = deque(maxlen=LOOKS)

    def is_idle():
        assert processes.look(pid), f"process {pid} is gone"
        ticks.append(cpu_ticks(pid))
        return len(ticks) == LOOKS and ticks[-1] - ticks[0] <= 1

    until(is_idle, f"process {pid} is idle")


def _kib(pid, file, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text(), re.M)[1])


def rss_kib(pid):
    return _kib(pid, "smaps_rollup", "Rss")


class Memory:
    """By how much a server's processes together have grown since this was made."""

    def __init__(self, server):
        self._before = {}
        for process in processes.of_session(server.pid):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak starts anew
            self._before[process.pid] = rss_kib(process.pid)

    def growth_kib(self):
        """Now, exactly."""
        return sum(rss_kib(pid) - kib for pid, kib in self._before.items())

    def peak_growth_kib(self):
        """At the worst moment in between."""
        return sum(_kib(pid, "status", "VmHWM") - kib for pid, kib in self._before.items())
