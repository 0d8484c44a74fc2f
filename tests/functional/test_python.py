"""Which Python the server is: the user's environment, in python3 itself or its library."""

import json
import os
import re
import shutil
import signal
import subprocess
import textwrap

import pytest

from support.deploy import install
from support.server import APPS, BINARY, MODULE, PYTHON, Server, run_to_end
from support.upgrade import stop_old, upgrade
from support.waiting import DEADLINE, until

pytestmark = pytest.mark.ucorn_only

needs_module = pytest.mark.skipif(MODULE is None, reason="this build has no module")

ASK = "import os, sys; print(os.path.realpath(sys.executable), sys.base_prefix, sys.version.split()[0])"

#: The interpreter of the environment that the server under test runs in: without environments.
PYTHON3, PREFIX, VERSION = subprocess.run(
    [PYTHON, "-c", ASK], capture_output=True, text=True, timeout=DEADLINE, check=True
).stdout.split()


def copied_to(folder, *files):
    """The program's path there."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, folder)
    return folder / BINARY.name


def make_venv(folder, version=VERSION):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python3").symlink_to(PYTHON3)
    (folder / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(PYTHON3)}\nversion = {version}\n"
    )
    return folder


@pytest.fixture
def serve_with(tmp_path_factory):
    """serve_with(program, ...): a server that is this file."""
    servers = []

    def serve_with(program, *args, **options):
        kind = type("Other", (Server,), {"binary": program})
        folder = tmp_path_factory.mktemp("server")
        servers.append(kind.start(folder, "pythonapp:app", *args, **options))
        return servers[-1]

    yield serve_with
    for server in servers:
        server.finish()


@pytest.fixture
def look(serve_with):
    """look(program): what an application sees in a server that is this file, how that runs, and
    its log."""

    def look(program=BINARY, **options):
        server = serve_with(program, **options)
        seen = server.get("/").json()
        return seen["looks"], seen["how"], server.log

    return look


@pytest.fixture
def alone(tmp_path):
    """The program without its module: it has Python's library."""
    return copied_to(tmp_path / "alone", BINARY)


@pytest.fixture(
    params=[
        pytest.param("python3", marks=needs_module),
        "library",
        pytest.param("broken", marks=needs_module),  # the library, when python3 runs already
    ]
)
def way(request):
    return request.param


@pytest.fixture
def program(way, alone, tmp_path):
    """A program that goes this way."""
    if way == "library":
        return alone
    both = copied_to(tmp_path / "both", BINARY, MODULE)
    if way == "broken":
        (both.parent / MODULE.name).write_bytes(b"no module")
    return both


def differences(one, other):
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


@needs_module
def test_it_is_python3(look):
    _looks, how, _log = look()
    assert how == {"exe": PYTHON3, "library": False, "libev": False}


@needs_module
def test_the_installed_program_too(look, tmp_path):
    install(tmp_path)
    _looks, how, _log = look(tmp_path / "sbin/ucorn")
    assert not how["library"]


def test_without_its_module_it_embeds_the_library(look, alone):
    _looks, how, _log = look(alone)
    assert how["exe"] == str(alone)


@needs_module
def test_it_embeds_the_library_if_told_so(look):
    _looks, how, _log = look(env={"UCORN_PYTHON": "library"})
    assert how == {"exe": str(BINARY), "library": True, "libev": False}


@needs_module
def test_another_word_is_told(look):
    _looks, how, log = look(env={"UCORN_PYTHON": "libary"})
    assert not how["library"]
    assert log.count("UCORN_PYTHON is 'libary', which says nothing") == 1


@needs_module
@pytest.mark.parametrize("name, under", [
    ("ucorn", ()), ("mysite", ()), ("ucorn", ("bash", "-c", 'exec -a web "$0" "$@"')),
])  # fmt: skip
def test_applications_see_no_difference(look, tmp_path, name, under):
    program = copied_to(tmp_path / "both", BINARY, MODULE).rename(tmp_path / "both" / name)
    environ = {"NOTIFY_SOCKET": "/no/such/socket", "LISTEN_PID": "1", "LISTEN_FDS": "1", "LANG": "C"}
    seen = []
    for way in ("", "library"):
        bind = [f"unix:{tmp_path}/sock"]
        looks, how, _log = look(program, env={**environ, "UCORN_PYTHON": way}, bind=bind, under=under)
        assert how["library"] == (way == "library")
        del looks["environ"]["UCORN_PYTHON"]
        seen.append(looks)
    assert differences(*seen) == {}


@needs_module
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PYTHONPATH": ":/no/such/folder:"},
        {"PYTHONSAFEPATH": "1", "PYTHONPATH": ":x"},
        {"PYTHONINSPECT": "1", "PYTHONWARNINGS": "error", "PYTHONUTF8": "1"},
        {"LC_ALL": "C", "PYTHONUNBUFFERED": "1"},
    ],
)
def test_configuration_files_see_no_difference(tmp_path, environ):
    conf = tmp_path / "conf.py"
    conf.write_text("import os, sys; sys.path.append(os.getcwd()); import pythonapp; pythonapp.tell()")
    seen = []
    for way in ("", "library"):
        words = ["-c", conf, "--check-config", "pythonapp:app", "--env", "A=\udcff\u00e9"]
        ended = run_to_end(*words, env={**environ, "UCORN_PYTHON": way})
        assert (ended.code, ended.stderr) == (0, "")
        looks = json.loads(ended.stdout)
        assert looks["cmdline"][:2] == [str(BINARY), "-c"]
        del looks["environ"]["UCORN_PYTHON"]
        seen.append(looks)
    assert differences(*seen) == {}


def test_what_runs_at_pythons_start_does_so_once_in_each_program(serve_with, program, tmp_path):
    """Another program begins with the environment that the first one began with."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        textwrap.dedent("""
        import ctypes, os, sys
        os.environ["TRACE"] += "x"
        del os.environ["PYTHONPATH"]
        os.chdir("/")
        # As a process's title is set.
        start, end = open("/proc/self/stat").read().rpartition(")")[2].split()[45:47]
        ctypes.memset(int(start), ord("y"), int(end) - int(start) - 1)
        def last_words(*args): print("last words")
        sys.excepthook = last_words
        """)
    )
    (tmp_path / "conf.py").write_text("")
    config = os.path.relpath(tmp_path / "conf.py", APPS)
    environ = {"TRACE": "", "PYTHONPATH": str(site), "LC_ALL": "C"}
    server = serve_with(program, "-c", config, env=environ)
    new = upgrade(server)
    stop_old(server)
    new.wait_promoted()
    looks = server.get("/").json()["looks"]
    assert looks["environ"]["TRACE"] == "x"
    assert "PYTHONPATH" not in looks["environ"]
    assert not {"UCORN_PYTHON", "UCORN_MODULE_FAILED"} & set(looks["environ"])
    assert "last_words" in looks["hook"]
    new.stop()


def test_the_next_program_has_the_signals_of_this_ones_start(serve_with, program, tmp_path):
    server = serve_with(program)
    told = tmp_path / "told"
    program.unlink()
    program.write_text(f"#!/bin/sh\ngrep SigIgn /proc/$$/status > {told}.new\nmv {told}.new {told}\n")
    program.chmod(0o755)
    server.signal(signal.SIGUSR2)
    until(told.exists, "the next program has been started")
    ignored = int(re.search(r"[0-9a-f]+$", told.read_text().strip()).group(), 16)
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        assert not ignored & 1 << number - 1
    server.stop()


@needs_module
def test_with_privileges_of_its_own_it_stays_what_it_is(look, tmp_path):
    """exec of another program would take them away."""
    if os.getuid() != 0 or os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip("the program cannot be given a group's rights")
    program = copied_to(tmp_path / "privileged", BINARY, MODULE)
    os.chown(program, 0, 1)
    program.chmod(0o2755)
    _looks, how, _log = look(program)
    assert how["library"]


@needs_module
@pytest.mark.parametrize("kind", ["file", "folder", "others"])
def test_what_anybody_may_have_put_there_is_not_taken(look, tmp_path, kind):
    """In /tmp, for example, beside a program of root's."""
    program = copied_to(tmp_path / "planted", BINARY, MODULE)
    module = program.parent / MODULE.name
    if kind == "others" and os.getuid() != 0:
        pytest.skip("nobody else can give files away")
    if kind == "others":
        os.chown(module, 1, 1)
    else:
        (module if kind == "file" else module.parent).chmod(0o777)
    _looks, how, _log = look(program)
    assert how["library"]


@needs_module
def test_a_module_that_cannot_be_loaded_is_told(look, tmp_path):
    program = copied_to(tmp_path / "broken", BINARY, MODULE)
    module = program.parent / MODULE.name
    module.write_bytes(b"no module")
    looks, how, log = look(program)
    assert (how["exe"], how["library"]) == (str(program), True)
    assert looks["comm"] == "ucorn\n"
    assert log.splitlines()[0].startswith(f"Cannot load {module}: ")


def test_a_limit_of_files_is_no_end():
    """What python3 is to run is a file."""
    limit = ["prlimit", "--fsize=0", "--"]
    command = [*limit, BINARY, "--check-config", "wsgiapp:app"]
    ended = subprocess.run(command, cwd=APPS, capture_output=True, timeout=DEADLINE, check=False)
    assert ended.returncode == 0


class TestVirtualEnvironment:
    def test_named_by_the_environment(self, look, program, tmp_path, way):
        venv = make_venv(tmp_path / "venv")
        looks, how, _log = look(program, env={"VIRTUAL_ENV": str(venv)})
        assert looks["prefix"] == str(venv)
        assert looks["executable"] == str(venv / "bin/python3")
        assert (how["exe"] == PYTHON3) == (way == "python3")

    def test_named_from_the_current_folder(self, look, program, tmp_path):
        venv = make_venv(tmp_path / "venv")
        name = os.path.relpath(venv, APPS)
        looks, _how, _log = look(program, env={"VIRTUAL_ENV": name})
        assert os.path.realpath(looks["prefix"]) == str(venv)
        assert looks["executable"].startswith("/")

    def test_that_the_program_lies_in(self, look, tmp_path, way):
        venv = make_venv(tmp_path / "venv")
        program = copied_to(venv / "bin", *([BINARY, MODULE] if way == "python3" else [BINARY]))
        other = make_venv(tmp_path / "other")
        looks, how, _log = look(program, env={"VIRTUAL_ENV": str(other)})
        assert looks["prefix"] == str(venv)
        assert (how["exe"] == PYTHON3) == (way == "python3")

    def test_of_another_version(self, program, tmp_path):
        venv = make_venv(tmp_path / "venv", version="3.2.1")
        ended = run_to_end("wsgiapp:app", binary=program, env={"VIRTUAL_ENV": str(venv)})
        assert ended.code == 3
        assert f"{venv} is for Python 3.2, but this ucorn embeds Python 3." in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1

    def test_that_is_none(self, look, program, tmp_path, way):
        looks, _how, log = look(program, env={"VIRTUAL_ENV": str(tmp_path)})
        assert looks["prefix"] == PREFIX
        told = log.count(f"VIRTUAL_ENV is {tmp_path}, which is no virtual environment")
        assert told == (2 if way == "broken" else 1)
