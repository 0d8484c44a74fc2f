"""Bad deploys: configurations and applications that do not work, under load and at the
first start."""

import re
import signal
from typing import NamedTuple

import pytest

from support.load import Load, begun
from support.server import APPS, PLAIN_DEATHS
from support.waiting import until

pytestmark = pytest.mark.master

STEADY = 200  # answered requests that show that all goes on

SETTINGS = "workers = 2\nwsgi_app = 'site_app:app'\n"
APPLICATION = (APPS / "loadapp.py").read_text()


class Bad(NamedTuple):
    """What is wrong, the words in the log that tell, and the code of a first start; None:
    it is tried again and again."""

    told: str
    code: int | None
    settings: str = SETTINGS
    application: str = APPLICATION


#: Read by the master, which then goes on as it was.
CONFIGURATIONS = {
    "syntax error": Bad(r"^SyntaxError: ", 1, settings="workers = ("),
    "exception": Bad(r"^ValueError: deliberately$", 1, settings="raise ValueError('deliberately')"),
    "exit": Bad(
        r"the configuration file has called sys\.exit\(7\)$", 7, settings="import sys\nsys.exit(7)"
    ),
}

#: Imported by workers.
APPLICATIONS = {
    "import error": Bad(r"^LookupError: no$", 3, application="raise LookupError('no')"),
    "application syntax error": Bad(r"^SyntaxError: ", 3, application="app = ("),
    "no module": Bad(
        r"^ModuleNotFoundError: No module named 'nowhere'$", 3, settings="wsgi_app = 'nowhere:app'"
    ),
    "no attribute": Bad(r"Failed to find attribute 'app' in 'site_app'\.", 4, application="x = 1"),
}

#: What they end with comes from no hand of ours.
CRASHES = {
    "segfault": Bad(
        r"\[WARNING\] Worker \(pid:\d+\) was sent SIGSEGV!", None,
        application="import ctypes\nctypes.string_at(0)",
    ),
    "exit": Bad(
        r"\[ERROR\] Worker \(pid:\d+\) exited with code 7\.", None,
        application="import sys\nsys.exit(7)",
    ),
    "kill": Bad(
        r"\[ERROR\] Worker \(pid:\d+\) was sent SIGKILL! Perhaps out of memory\?", None,
        application="import os\nos.kill(os.getpid(), 9)",
    ),
    "leave": Bad(
        r"\[INFO\] Worker exiting \(pid: \d+\)", None,
        application=f"{APPLICATION}\nimport os\nos.kill(os.getpid(), 15)",
    ),
}  # fmt: skip


class Site:
    """A folder with a configuration and an application, and the server that runs them."""

    def __init__(self, serve, backend, folder):
        self.folder, self.journal = folder, folder / "journal"
        self._serve, self._backend = serve, backend

    def deploy(self, settings=SETTINGS, application=APPLICATION):
        (self.folder / "conf.py").write_text(settings)
        (self.folder / "site_app.py").write_text(application)

    def start(self, **options):
        env = {"LOAD_JOURNAL": str(self.journal), **PLAIN_DEATHS}
        return self._serve(
            None, "-c", "conf.py", "-k", self._backend, cwd=self.folder, env=env, **options
        )

    def begun_by(self):
        """The workers that have begun a request."""
        return {pid for _name, pid in begun(self.journal)}


@pytest.fixture
def site(serve, backend, tmp_path):
    return Site(serve, backend, tmp_path)


# Under load.


def check_goes_on(site, bad, *told):
    """HUP with what is bad fails no request, and leaves the workers as they are; the log
    tells; HUP with what is good again gives new workers."""
    site.deploy()
    server = site.start()
    before = server.wait_workers(2)
    with Load(server) as load:
        load.wait_answered(STEADY)
        # One that still boots would be outdated by a reload.
        until(lambda: site.begun_by() == set(before), "all workers serve")
        site.deploy(bad.settings, bad.application)
        server.signal_and_wait(signal.SIGHUP)
        for pattern in (bad.told, *told):
            server.wait_log(pattern)
        load.wait_answered(STEADY)
        assert set(before) <= set(server.workers())
        assert site.begun_by() == set(before)
        site.deploy()
        server.signal_and_wait(signal.SIGHUP)
        server.wait_workers(2, other_than=before)
        load.wait_answered(STEADY)
    load.check_nothing_was_lost(site.journal)


@pytest.mark.ucorn_only
@pytest.mark.parametrize("what", CONFIGURATIONS)
def test_reload_with_a_bad_configuration(site, what):
    given_up = r"\[ERROR\] The reload was given up, the server goes on as before: "
    check_goes_on(site, CONFIGURATIONS[what], given_up)


@pytest.mark.ucorn_only
@pytest.mark.parametrize("what", APPLICATIONS | CRASHES)
def test_reload_with_a_bad_application(site, what):
    failed = (
        r"\[ERROR\] The new generation failed to boot; the previous workers keep serving\. "
        r"Next try in 1\.0 s\.$"
    )
    check_goes_on(site, (APPLICATIONS | CRASHES)[what], failed)


# At the first start.


@pytest.mark.parametrize(
    "bad", [*CONFIGURATIONS.values(), *APPLICATIONS.values()], ids=[*CONFIGURATIONS, *APPLICATIONS]
)
def test_first_start(site, bad):
    """As gunicorn: a mistake that an operator has to mend ends it."""
    site.deploy(bad.settings, bad.application)
    server = site.start(probe=None)
    assert server.wait_exit() == bad.code
    assert bad is CONFIGURATIONS["exit"] or re.search(bad.told, server.stderr, re.M)


@pytest.mark.ucorn_only
@pytest.mark.parametrize("what", CRASHES)
def test_crash_loop_at_the_first_start(site, what):
    """Tries at growing distances, until one succeeds."""
    bad = CRASHES[what]
    site.deploy(bad.settings, bad.application)
    server = site.start(probe=None)
    server.wait_log(r"Next try in 0\.8 s\.$")
    failed = r"\[ERROR\] Worker .* ended before it could serve\. Next try in (.*) s\.$"
    pauses = re.findall(failed, server.log, re.M)
    assert pauses[:4] == ["0.1", "0.2", "0.4", "0.8"]
    assert re.search(bad.told, server.log, re.M)
    assert server.exit_code() is None
    site.deploy()
    assert server.wait_answer().status == 200
    until(lambda: len(server.workers()) == 2, "both workers are there")
