"""A browser-like client for applications: requests, bound to one server."""

import hashlib

import requests

from .waiting import DEADLINE

MIB = 1 << 20


class Web(requests.Session):
    """Takes paths where requests takes URLs; waits no longer than the deadline
    and ignores proxies that the environment names."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.trust_env = False

    def request(self, method, path, **options):
        options.setdefault("timeout", DEADLINE)
        return super().request(method, self.base + path, **options)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def some_bytes(size):
    """size bytes, all values, no short period."""
    seed = bytes(range(256)) + bytes(range(0, 256, 7)) + bytes(range(255, 0, -3))
    return (seed * (size // len(seed) + 1))[:size]
