"""Other users, for tests that run as root."""

import os
import stat
from pathlib import Path

import pytest

from .server import PYTHON


def others_may_enter(path):
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)


needs_users = pytest.mark.skipif(
    os.geteuid() != 0 or not others_may_enter(Path(PYTHON).resolve()),
    reason="only root may change users, and others have to reach the server's Python",
)
