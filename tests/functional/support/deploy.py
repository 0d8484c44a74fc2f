"""The files of examples/deploy, as customers copy them, and the program as it is installed."""

import os
import subprocess
from pathlib import Path

import pytest

from support.server import BINARY
from support.waiting import DEADLINE

DEPLOY = Path(__file__).resolve().parents[3] / "examples/deploy"


def replaced(text, changes):
    """text with each of the strings replaced, which has to be there just once."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def example(name, changes):
    return replaced((DEPLOY / name).read_text(), changes)


def output_of(*command, **options):
    """What a command says that has to succeed."""
    process = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False, **options,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout
    return process.stdout


def install(prefix, destdir=""):
    """As `cmake --install` does."""
    if not (BINARY.parent / "cmake_install.cmake").exists():
        pytest.skip(f"{BINARY} is in no build tree")
    environ = os.environ | {"DESTDIR": str(destdir)}
    output_of("cmake", "--install", BINARY.parent, "--prefix", prefix, env=environ)
