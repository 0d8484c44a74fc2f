"""Which Python the server is: the user's environment, in python3 itself or its library."""

import ast
import json
import os
import shutil
import sys
import pytest

from support.deploy import install
from support.server import BINARY, MODULE, Server, run_to_end

pytestmark = pytest.mark.ucorn_only

needs_module = pytest.mark.skipif(MODULE is None, reason="this build has no module")


def copied_to(folder, *files):
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, folder)
    return folder / BINARY.name


@pytest.fixture
def look(tmp_path_factory):
    """look(program): what an application sees in a server that is this one, and how it runs."""

    def look(program=BINARY, env=None):
        kind = type("Other", (Server,), {"binary": program})
        server = kind.start(tmp_path_factory.mktemp("server"), "pythonapp:app", env=env)
        try:
            text = server.get("/").text.replace(f":{server.address[1]}", ":PORT")
            seen = json.loads(text)
            return seen["looks"], seen["how"], server.log
        finally:
            server.finish()

    return look


@pytest.fixture
def alone(tmp_path):
    """The program without its module: it has Python's library."""
    return copied_to(tmp_path / "alone", BINARY)


def make_venv(folder, version="%d.%d.%d" % sys.version_info[:3]):
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python3").symlink_to("/usr/bin/python3")
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n")
    return folder


@needs_module
def test_it_is_python3(look):
    _looks, how, _log = look()
    assert how == {"exe": os.path.realpath("/usr/bin/python3"), "library": False}


@needs_module
def test_the_installed_program_too(look, tmp_path):
    install(tmp_path)
    _looks, how, _log = look(tmp_path / "sbin/ucorn")
    assert not how["library"]


def test_without_its_module_it_embeds_the_library(look, alone):
    _looks, how, _log = look(alone)
    assert how == {"exe": str(alone), "library": True}


@needs_module
def test_applications_see_no_difference(look, alone):
    environ = {"NOTIFY_SOCKET": "/no/such/socket", "LISTEN_PID": "1", "LISTEN_FDS": "1", "LANG": "C"}
    as_python, _how, _log = look(env=environ)
    embedded, _how, _log = look(alone, env=environ)
    for name, value in as_python.items():
        assert (name, value) == (name, embedded[name])


@needs_module
def test_with_privileges_of_its_own_it_stays_what_it_is(look, tmp_path):
    """exec of another program would take them away."""
    if os.getuid() != 0:
        pytest.skip("nobody else can give the program a group's rights")
    program = copied_to(tmp_path / "privileged", BINARY, MODULE)
    os.chown(program, 0, 1)
    program.chmod(0o2755)
    _looks, how, _log = look(program)
    assert how["library"]


@needs_module
def test_a_module_of_somebody_else_is_not_taken(look, tmp_path):
    """Where all may write, as in /tmp, one could lie beside a program of root's."""
    if os.getuid() != 0:
        pytest.skip("nobody else can give files away")
    program = copied_to(tmp_path / "planted", BINARY, MODULE)
    os.chown(program.parent / MODULE.name, 1, 1)
    _looks, how, _log = look(program)
    assert how["library"]


@needs_module
def test_a_broken_module_is_told(tmp_path):
    program = copied_to(tmp_path / "broken", BINARY, MODULE)
    module = program.parent / MODULE.name
    module.write_bytes(b"no module")
    ended = run_to_end("wsgiapp:app", binary=program)
    assert ended.code == 1
    assert ended.stderr.startswith(f"\nError: Cannot load {module}: ")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_its_arguments_are_what_it_was_started_with(tmp_path):
    """Before it has a title, which is when the configuration file is read."""
    conf = tmp_path / "conf.py"
    conf.write_text("print(repr(open('/proc/self/cmdline').read()))")
    words = ["-c", str(conf), "--check-config", "wsgiapp:app"]
    ended = run_to_end(*words)
    assert ast.literal_eval(ended.stdout).rstrip("\0").split("\0") == [str(BINARY), *words]


@pytest.mark.parametrize("how", [pytest.param("python3", marks=needs_module), "library"])
class TestVirtualEnvironment:
    @pytest.fixture
    def program(self, how, alone):
        return BINARY if how == "python3" else alone

    def test_named_by_the_environment(self, look, program, tmp_path, how):
        venv = make_venv(tmp_path / "venv")
        looks, is_so, _log = look(program, env={"VIRTUAL_ENV": str(venv)})
        assert looks["prefix"] == str(venv)
        assert looks["executable"] == str(venv / "bin/python3")
        assert is_so["library"] == (how == "library")

    def test_that_the_program_lies_in(self, look, tmp_path, how):
        venv = make_venv(tmp_path / "venv")
        program = copied_to(venv / "bin", *([BINARY, MODULE] if how == "python3" else [BINARY]))
        other = make_venv(tmp_path / "other")
        looks, is_so, _log = look(program, env={"VIRTUAL_ENV": str(other)})
        assert looks["prefix"] == str(venv)
        assert is_so["library"] == (how == "library")

    def test_of_another_version(self, program, tmp_path):
        venv = make_venv(tmp_path / "venv", version="3.2.1")
        ended = run_to_end("wsgiapp:app", binary=program, env={"VIRTUAL_ENV": str(venv)})
        assert ended.code == 3
        assert f"{venv} is for Python 3.2, but this ucorn embeds Python 3." in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1

    def test_that_is_none(self, look, program, tmp_path):
        looks, _how, log = look(program, env={"VIRTUAL_ENV": str(tmp_path)})
        assert looks["prefix"] == "/usr"
        assert log.count(f"VIRTUAL_ENV is {tmp_path}, which is no virtual environment") == 1
