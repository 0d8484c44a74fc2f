"""A machine that runs short of disk or memory: what does not fit is refused, the
worker lives on, and then all is as before.  Run with -s to see the figures."""

import contextlib
import os
import re
import resource
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support.crowd import Unharmed, crowd
from support.figures import SANITIZED, wait_idle
from support.rawhttp import Unanswered, request_bytes
from support.waiting import until
from support.web import MIB, sha256, some_bytes

pytestmark = [pytest.mark.ucorn_only, pytest.mark.threads]


@pytest.fixture
def start(serve, backend):
    """Starts faultapp with one worker."""
    return lambda *args: serve("faultapp:app", "-k", backend, "-w", "1", *args)


@pytest.fixture
def small_disk(tmp_path):
    """A directory on a disk of 1 MiB."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=1777", "ucorn-test", directory]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("cannot mount a tmpfs")
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def test_disk_full(start, small_disk):
    """Too large for it: refused, with a line in the log, and the space is free again."""
    server = start("--tmp-upload-dir", small_disk)
    body = some_bytes(700_000)
    with Unharmed(server, log_may_grow=True), server.connect() as other:
        other.send(request_bytes("POST", "/upload", body=body)[:-1])
        until(lambda: shutil.disk_usage(small_disk).free < MIB // 2, "it is stored")
        for number in range(3):
            with server.connect() as client:
                client.send(request_bytes("POST", "/upload", body=body))
                assert client.response("POST").status == 503
                assert client.at_end()
            assert server.get("/").text == "hello"
            stored = rf"^.*\[ERROR\] Cannot store a request body .*{small_disk}.*$"
            assert len(re.findall(stored, server.log, re.M)) == number + 1
        other.send(body[-1:])
        assert other.response("POST").text == sha256(body)
        until(lambda: shutil.disk_usage(small_disk).free > len(body), "there is room again")
        with server.connect() as client:
            assert client.request("POST", "/upload", body=body).text == sha256(body)


def outcome(client, rest, body):
    """Sends the rest of an upload; what comes of it."""
    try:
        client.send(rest)
        answer = client.response("POST")
    except (Unanswered, ConnectionResetError, BrokenPipeError):
        return "closed"
    if answer.status in (500, 503):
        return "refused"
    return "whole" if answer.text == sha256(body) else "wrong"


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs its own address space")
@pytest.mark.needs("short-of-memory")
@pytest.mark.parametrize("count, size, spare", [(500, 60_000, 8 * MIB), (1500, 10, 2 * MIB)])
def test_out_of_memory(start, count, size, spare, figure):
    """The worker may have a little more than it has: there is no room for some of the
    uploads, or of the connections themselves, and these are given up; the others are
    answered rightly, and then all is as before."""
    server, body = start("--worker-connections", "3000"), some_bytes(size)
    request = request_bytes("POST", "/upload", body=body)
    with Unharmed(server, log_may_grow=True) as before, contextlib.ExitStack() as stack:
        pages = int(Path(f"/proc/{before.worker}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + spare
        unlimited = resource.prlimit(before.worker, resource.RLIMIT_AS, (limit, -1))
        clients = stack.enter_context(crowd(server, count))
        for client in clients:
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                client.send(request[:-1])
        wait_idle(before.worker)
        assert server.workers() == [before.worker]
        resource.prlimit(before.worker, resource.RLIMIT_AS, unlimited)
        outcomes = Counter(outcome(client, request[-1:], body) for client in clients)
        figure("outcomes", dict(outcomes))
        assert outcomes["wrong"] == 0
        assert outcomes["whole"] < count, "memory was not short"
