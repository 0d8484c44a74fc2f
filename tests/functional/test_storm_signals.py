"""Everything at once that changes who serves, under load: reloads, upgrades, more and
fewer workers, recycling.  Not one request fails.  Run with -s to see the figures."""

import contextlib
import re
import signal
from types import SimpleNamespace

import pytest

from support.load import WideLoad
from support.nginx import Nginx
from support.rawhttp import Client
from support.storm import CONFIG, Fleet
from support.waiting import until

pytestmark = pytest.mark.master

WORKERS = 4
MAX_REQUESTS = 200

#: A kept connection may end between two requests; so few of them do.
RETRIED_SHARE = 0.001


def max_requests(backend):
    """These answer 200 faster than they boot: there would never be as many as are wanted."""
    return MAX_REQUESTS * (20 if backend in ("gevent", "eventlet") else 1)


class OneTryNginx(Nginx):
    """It asks the server once, whatever comes of it, and says so in each answer."""

    def __init__(self, directory, upstream):
        super().__init__(directory, upstream)
        try:
            self._ask_once(directory / "nginx.conf", directory / "error.log")
        except BaseException:
            self.stop()
            raise

    def _ask_once(self, config, log):
        """It listens before it heeds signals, and heeds them once it has started workers."""
        until(lambda: "start worker process " in log.read_text(), "nginx has started")
        text = config.read_text()
        once = "proxy_next_upstream off; add_header X-Asked once always; proxy_http_version 1.1;"
        assert text.count("proxy_http_version 1.1;") == 1
        config.write_text(text.replace("proxy_http_version 1.1;", once))
        self.process.send_signal(signal.SIGHUP)
        until(self._asks_once, "nginx has read its configuration again")

    def _asks_once(self):
        with contextlib.suppress(OSError), Client(self.address) as client:
            answer = client.request("GET", "/", fields=[("Connection", "close")])
            return answer.get("X-Asked") == "once"


@pytest.fixture(params=["tcp", "unix", "nginx"])
def way(request):
    """How clients reach the server."""
    return request.param


@pytest.fixture
def stormy(serve, backend, way, tmp_path):
    """A server, and where its clients ask."""
    journal, pidfile = tmp_path / "journal", tmp_path / "pid"
    args = ["-c", CONFIG, "-k", backend, "-w", WORKERS, "-p", pidfile]
    server = serve(
        "loadapp:app", *args, "--max-requests", max_requests(backend), env={"LOAD_JOURNAL": str(journal)},
        bind=[f"unix:{tmp_path}/socket"] if way == "unix" else None,
    )  # fmt: skip
    fleet = Fleet(server, pidfile, WORKERS)
    fleet.wait_serving(WORKERS)
    nginx = OneTryNginx(tmp_path / "nginx", server.address) if way == "nginx" else None
    yield SimpleNamespace(fleet=fleet, front=nginx or server, nginx=nginx, journal=journal)
    if nginx:
        nginx.stop()


def recycled(stormy):
    """How many workers have left for max_requests."""
    return stormy.fleet.server.log.count("Autorestarting worker after current request")


def check(stormy, load, figure):
    """The clients behind nginx cannot lose a connection, and those that ask the server
    seldom do; nobody has anything to complain about."""
    load.check_nothing_was_lost(stormy.journal, 0 if stormy.nginx else RETRIED_SHARE)
    log = stormy.fleet.server.log
    figure("requests", load.counts["answered"])
    figure("retried", load.counts["retried"])
    figure("recycled", recycled(stormy))
    assert not re.search(r"Traceback|\[(ERROR|CRITICAL)\]", log), log
    assert not stormy.nginx or stormy.nginx.errors == []


def test_signals_under_load(stormy, figure):
    with WideLoad(stormy.front) as load:
        stormy.fleet.storm(reload=2, upgrade=2, more_and_fewer=2)
        load.wait_answered(WORKERS * MAX_REQUESTS)
        until(lambda: recycled(stormy) > 0, "a worker has had its requests")
    check(stormy, load, figure)


@pytest.mark.full
def test_minute_of_signals_under_load(stormy, figure):
    with WideLoad(stormy.front) as load:
        stormy.fleet.storm(seconds=60, reload=20, upgrade=6, more_and_fewer=20)
        load.wait_answered(WORKERS * MAX_REQUESTS)
        until(lambda: recycled(stormy) > 0, "a worker has had its requests")
    check(stormy, load, figure)
