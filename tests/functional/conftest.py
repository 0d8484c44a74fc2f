"""Fixtures of the functional suite.

UCORN_BINARY    the server under test (default: build/release/ucorn)
UCORN_BACKENDS  the worker classes that tests run on.  Without it they run on few of them, and
                on others in the sanitized build than in the release build: see MAIN_BACKENDS
                and what follows it, and the markers in pytest.ini
UCORN_TEST_VENV a virtual environment with what tests/functional/requirements.txt names, for a
                server with another Python than the one that runs the tests
UCORN_TEST_DEADLINE  seconds until a test gives up waiting (default: 30)"""

import contextlib
import itertools
import os
import sys
import zlib

import pytest

from support import processes
from support.backends import has
from support.django import make_site
from support.figures import SANITIZED
from support.server import BINARY, IS_UCORN, Server

ALL_BACKENDS = ["sync", "gthread", "event", "gevent", "eventlet", "tornado"]

#: Where most tests run.  gthread has the loop of event, and threads, which a sanitizer watches.
MAIN_BACKENDS = ["gthread"] if SANITIZED else ["sync", "event"]

#: For what the master does, which is the same for all.
MASTER_BACKENDS = ["gthread"] if SANITIZED else ["sync"]

#: For what is marked `everywhere`.  For a sanitizer those that run on gevent's hub are the same.
EVERYWHERE = ["event", "gthread", "gevent"] if SANITIZED else ALL_BACKENDS

#: Fixtures that are made once for the tests of a module.
SHARED = {"serve_for_module", "root"}

#: For tests of what none of the chosen ones can do.
OTHERWISE = "event"

BACKENDS = os.environ.get("UCORN_BACKENDS", ",".join(ALL_BACKENDS)).split(",")

# The applications are imported by servers; nothing here may litter the tree.
sys.dont_write_bytecode = True


def pytest_sessionstart():
    processes.adopt_orphans()
    if not BINARY.exists():
        pytest.exit(f"{BINARY} does not exist: build it, or set UCORN_BINARY", returncode=4)


def pytest_report_header():
    return f"server: {BINARY}, backends: {', '.join(BACKENDS)}"


def backend_of(item):
    return getattr(item, "callspec", None) and item.callspec.params.get("backend")


def lacks(item, name):
    """Why the test cannot run on that worker class: a feature of docs/backends.md; None: it can."""
    needs = {feature: True for mark in item.iter_markers("needs") for feature in mark.args}
    needs |= {feature: False for mark in item.iter_markers("needs_no") for feature in mark.args}
    return next((feature for feature in needs if has(name, feature) != needs[feature]), None)


def is_for_its_backend(item):
    name = backend_of(item)
    if name is None:
        return True
    if item.get_closest_marker("everywhere"):
        chosen = EVERYWHERE
    elif item.get_closest_marker("master"):
        chosen = MASTER_BACKENDS
    else:
        chosen = MAIN_BACKENDS
    if item.get_closest_marker("threads") and not SANITIZED:
        chosen = [*chosen, "gthread"]
    if all(lacks(item, each) for each in chosen):
        return name == OTHERWISE
    return name in chosen and not lacks(item, name)


def place(item):
    """Where in the order it comes.  Neighbours run in the same process: what is long must not stand
    together, least of all at the end.  What shares something made once is short, and has to.  First
    come the comparisons, the longest of all, which share gunicorn's nursery."""
    shares = SHARED & {*item.fixturenames} != set()
    compares = item.get_closest_marker("compares") is not None
    return not compares, shares, 0 if shares else zlib.crc32(item.nodeid.encode())


@pytest.hookimpl(trylast=True)  # pytest itself puts together what has the same parameters
def pytest_collection_modifyitems(items):
    left_out = {"compares"} if SANITIZED else set()
    if "UCORN_BACKENDS" not in os.environ:
        if SANITIZED:
            left_out.add("unsanitized")
        items[:] = [item for item in items if is_for_its_backend(item)]
    items[:] = [item for item in items if not left_out & {mark.name for mark in item.iter_markers()}]
    items.sort(key=place)
    if IS_UCORN:
        return
    for item in items:
        if item.get_closest_marker("ucorn_only"):
            item.add_marker(pytest.mark.skip(reason="only ucorn does this"))


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    """The name for `-k`."""
    return request.param


def pytest_runtest_setup(item):
    name = backend_of(item)
    if name == "sync" and not IS_UCORN and item.get_closest_marker("keepalive"):
        pytest.skip("this server's sync worker keeps no connection")
    if name and (feature := lacks(item, name)):
        pytest.skip(f"see {feature} of {name} in docs/backends.md")


@contextlib.contextmanager
def servers(directory):
    """Gives a function that starts servers; when the context ends, each has to
    stop cleanly and leave nothing behind."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def start(app, *args, **options):
            work = directory / f"server{next(numbers)}"
            work.mkdir()
            server = Server.start(work, app, *args, **options)
            stack.callback(server.finish)
            return server

        yield start


@pytest.fixture
def serve(tmp_path):
    """serve(app, *args, **options) starts a Server for one test."""
    with servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def serve_for_module(tmp_path_factory):
    """The same for all tests of a module (with one backend)."""
    with servers(tmp_path_factory.mktemp("module")) as start:
        yield start


@pytest.fixture
def figure(record_property):
    """figure(name, value) keeps what a test has measured; -s shows it."""

    def record(name, value):
        record_property(name, str(value))
        print(f"figure: {name}: {value}")

    return record


@pytest.fixture(scope="session")
def django_site(tmp_path_factory):
    """Options for serve("project.wsgi", ...): a Django site with its data."""
    return make_site(tmp_path_factory.mktemp("site"))
