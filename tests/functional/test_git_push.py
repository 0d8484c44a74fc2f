"""git pushes several MiB with Transfer-Encoding: chunked to a git server that
is a WSGI application (klaus, on dulwich)."""

import os
import random
import subprocess

import pytest

from support.backends import has
from support.waiting import DEADLINE
from support.web import MIB

COMMITS = 5


class Git:
    """The git client, deaf to the configuration of whoever runs the tests."""

    def __init__(self, home):
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_TRACE_CURL": str(home / "http"),
            "GIT_TRACE_CURL_NO_DATA": "1",
            **{f"GIT_{who}_NAME": "tester" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "tester@localhost" for who in ("AUTHOR", "COMMITTER")},
        }
        self.trace_file = home / "http"

    def __call__(self, *args):
        """Runs one command; returns what it printed."""
        return subprocess.run(
            ["git", *args], env=self.environ, check=True, timeout=2 * DEADLINE,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        ).stdout.strip()  # fmt: skip

    def chunked_requests(self):
        """How many requests went out in chunks so far."""
        trace = self.trace_file.read_text(errors="replace")
        return trace.count("Send header: Transfer-Encoding: chunked")


@pytest.fixture
def git(tmp_path):
    return Git(tmp_path)


@pytest.fixture
def work_tree(tmp_path, git):
    """A repository whose commits cannot be compressed."""
    work = tmp_path / "work"
    noise = random.Random(1)
    git("init", "--quiet", "--initial-branch=main", work)
    for number in range(COMMITS):
        (work / f"file{number}").write_bytes(noise.randbytes(MIB))
        git("-C", work, "add", ".")
        git("-C", work, "commit", "--quiet", f"--message=commit {number}")
    return work


@pytest.mark.ucorn_only
@pytest.mark.unsanitized
@pytest.mark.threads
@pytest.mark.parametrize("options", [(), ("--stream-request-body",)], ids=["stored", "streamed"])
def test_pushed_commits_come_back(serve, backend, options, tmp_path, git, work_tree):
    if options and not has(backend, "streamed-bodies"):
        pytest.skip("the application cannot wait for a body there")
    bare, clone = tmp_path / "pushed.git", tmp_path / "clone"
    git("init", "--quiet", "--bare", "--initial-branch=main", bare)
    repository = {"REPOSITORY": str(bare)}
    server = serve("gitapp:app", "-k", backend, "-w", "2", *options, env=repository)
    url = server.url("/pushed")

    git("-C", work_tree, "-c", "http.postBuffer=65536", "push", "--quiet", url, "main")
    assert git.chunked_requests() == 1
    git("clone", "--quiet", url, clone)
    assert git("-C", clone, "rev-parse", "HEAD") == git("-C", work_tree, "rev-parse", "HEAD")
    git("-C", clone, "fsck", "--full", "--strict")
