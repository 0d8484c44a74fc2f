"""Debian's gunicorn, to compare with."""

from pathlib import Path

import pytest

from .server import Server

BINARY = Path("/usr/bin/gunicorn")

needs_gunicorn = pytest.mark.skipif(not BINARY.exists(), reason="needs Debian's gunicorn")


class Gunicorn(Server):
    """A running gunicorn."""

    binary = BINARY
