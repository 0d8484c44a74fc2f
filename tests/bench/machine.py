"""The machine that measures: what it is, which CPUs, and whether something else runs on it."""

import os
import platform
import re
import time
from pathlib import Path
from typing import NamedTuple

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

#: Shares of one CPU that others may take before a run counts as disturbed.
QUIET = 0.08

#: Seconds: the machine is looked at for so long to see whether it is idle.
LOOK = 0.25


class Spent(NamedTuple):
    """CPU seconds since boot."""

    busy: float  # all processes
    stolen: float  # by the hypervisor, for other machines


def spent():
    user, nice, system, _idle, _iowait, irq, softirq, stolen = map(
        int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    )
    busy = user + nice + system + irq + softirq
    return Spent(busy / TICKS_PER_SECOND, stolen / TICKS_PER_SECOND)


def wait_idle(patience):
    """Waits until others leave the CPUs alone; after that many seconds, no longer."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = spent()
        time.sleep(LOOK)
        after = spent()
        # A tick more than the share: so coarse is the clock.
        if sum(after) - sum(before) <= QUIET * LOOK + 1 / TICKS_PER_SECOND:
            return


def cpus(one_cpu=False):
    """Those of the server and of the client."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[0] if one_cpu else allowed[-1]


def description():
    """In a line."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    model = re.sub(r"\s+", " ", model[1]) if model else platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    return f"{os.cpu_count()} x {model}, {memory:.0f} GiB, Linux {platform.release()}"
