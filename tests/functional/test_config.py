"""Where settings come from: configuration files, the environment, the command line."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from support.gunicorn import Gunicorn, needs_gunicorn
from support.server import APPS, Server, run_to_end
from support.waiting import until

APP = "wsgiapp:app"


def printed(*args, kind=Server, **options):
    """What --print-config says: {name: text}."""
    ended = kind.run_to_end("--print-config", *args, APP, **options)
    assert ended.code == 0, ended.stderr
    lines = [re.fullmatch(r"(\w+) *= (.*)", line) for line in ended.stdout.splitlines()]
    return {match[1]: match[2] for match in lines if match}


@pytest.fixture
def conf(tmp_path):
    """Writes a configuration file and gives its path."""

    def write(text, name="conf.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


# The file.


def test_file_by_path(conf):
    assert printed("-c", conf("workers = 3"))["workers"] == "3"


def test_file_with_prefix(conf):
    assert printed("-c", f"file:{conf('workers = 3')}")["workers"] == "3"


def test_module(conf, tmp_path):
    conf("workers = 3", "serverconf.py")
    args = ["-c", "python:serverconf"]
    assert printed(*args, env={"PYTHONPATH": str(tmp_path)})["workers"] == "3"


def test_relative_path_is_of_the_start_folder(conf, tmp_path):
    conf("workers = 3")
    assert printed("-c", "conf.py", "--chdir", APPS, cwd=tmp_path)["workers"] == "3"


def test_default_file(conf, tmp_path):
    conf("workers = 3", "gunicorn.conf.py")
    assert printed("--chdir", APPS, cwd=tmp_path)["workers"] == "3"


def test_default_file_is_not_looked_for_where_chdir_leads(conf, tmp_path):
    conf("workers = 3", "gunicorn.conf.py")
    env = {"PYTHONPATH": str(APPS)}
    assert printed("--chdir", tmp_path, cwd="/", env=env)["workers"] == "1"


@pytest.mark.ucorn_only
def test_own_default_file_goes_first(conf, tmp_path):
    conf("workers = 3", "gunicorn.conf.py")
    conf("workers = 4", "ucorn.conf.py")
    assert printed("--chdir", APPS, cwd=tmp_path)["workers"] == "4"


def test_file_of_another_name_is_read_with_a_warning(conf):
    ended = run_to_end("--check-config", "-c", conf("workers = 3", "conf.ini"), APP)
    assert ended.code == 0
    assert ended.stderr == (
        "!!!\n!!! WARNING: configuration file should have a valid Python extension.\n!!!\n\n"
    )


def test_file_is_the_module_config(conf, tmp_path):
    """What files rely on when they are read."""
    path = conf(
        "import os, sys, json\n"
        "facts = [__name__, __file__, sys.modules['__config__'].__dict__ is globals(),\n"
        "         sys.path[0], os.getcwd(), sys.argv[1:3]]\n"
        "print(json.dumps(facts))\n"
    )
    ended = run_to_end("-c", path, "--check-config", APP, cwd=APPS)
    assert json.loads(ended.stdout) == [
        "__config__", str(path), True, str(APPS), str(APPS), ["-c", str(path)],
    ]  # fmt: skip


def test_names_that_are_no_settings_are_ignored(conf):
    text = "preload = True\nWorkers = -1\nlogfile = 5\nimport os\nclass x: pass\nfor i in (): pass"
    assert printed("-c", conf(text))["preload_app"] == "False"


def test_application_of_the_file(conf, serve):
    assert serve(None, "-c", conf(f"wsgi_app = '{APP}'")).get("/").text == "hello"


def test_application_of_the_command_line_goes_first(conf, serve):
    assert serve(APP, "-c", conf("wsgi_app = 'no:such'")).get("/").text == "hello"


# Which source wins.

COMMAND_LINE, FILE = ["-w", "5"], "workers = 3"


@pytest.mark.parametrize(
    "args, file, env, workers",
    [
        ([], None, {}, "1"),
        ([], None, {"WEB_CONCURRENCY": "2"}, "2"),
        ([], FILE, {"WEB_CONCURRENCY": "2"}, "3"),
        ([], FILE, {"GUNICORN_CMD_ARGS": "-w 4"}, "4"),
        ([], None, {"GUNICORN_CMD_ARGS": "-w 4 ignored:app"}, "4"),
        (COMMAND_LINE, FILE, {"GUNICORN_CMD_ARGS": "-w 4"}, "5"),
    ],
)
def test_precedence(conf, args, file, env, workers):
    if file:
        args = [*args, "-c", conf(file)]
    assert printed(*args, env=env)["workers"] == workers


@pytest.mark.ucorn_only
@pytest.mark.parametrize("args, workers", [([], "6"), (COMMAND_LINE, "5")])
def test_own_variable_goes_before_gunicorns(conf, args, workers):
    env = {"GUNICORN_CMD_ARGS": "-w 4 -t 9", "UCORN_CMD_ARGS": "-w 6"}
    values = printed(*args, "-c", conf(FILE), env=env)
    assert (values["workers"], values["timeout"]) == (workers, "9")


def test_lists_are_replaced_as_a_whole(conf):
    path = conf("bind = [':1', ':2']")
    assert printed("-c", path)["bind"] == "[':1', ':2']"
    assert printed("-c", path, "-b", ":3")["bind"] == "[':3']"
    env = {"GUNICORN_CMD_ARGS": "-b ':4' -b :5"}
    assert printed("-c", path, env=env)["bind"] == "[':4', ':5']"


def test_none_and_empty(conf):
    values = printed("-c", conf("bind = []\npidfile = None\nraw_env = ''"))
    assert (values["bind"], values["pidfile"], values["raw_env"]) == ("[]", "None", "[]")


def test_file_is_named_by_the_variable(conf):
    first, second = conf(FILE), conf("workers = 8", "second.py")
    env = {"GUNICORN_CMD_ARGS": f"-c '{first}'"}
    assert printed(env=env)["workers"] == "3"
    assert printed("-c", second, env=env)["workers"] == "8"


def test_a_bad_value_of_the_file_counts_even_if_it_is_replaced(conf):
    ended = run_to_end("-c", conf("workers = -1"), "-w", "2", APP)
    assert ended.code == 1
    assert ended.stderr.startswith("Invalid value for workers: -1\n")


# Complaints: the same words under gunicorn.

BAD_FILES = [
    ("workers = -1", "Value must be positive: -1"),
    ("workers = '2.0'", "invalid literal for int() with base 0: '2.0'"),
    ("workers = '007'", "invalid literal for int() with base 0: '007'"),
    ("workers = None", "int() can't convert non-string with explicit base"),
    ("timeout = 1.5", "int() can't convert non-string with explicit base"),
    ("preload_app = 1", "Invalid type for casting: 1"),
    ("preload_app = 'yes'", "Invalid boolean: yes"),
    ("pidfile = 5", "Not a string: 5"),
    ("bind = ['a:1', 5]", "Not a string: 5"),
    ("worker_class = 5", "Not a string: 5"),
    ("forwarded_allow_ips = ['*']", "Not a string: ['*']"),
    ("secure_scheme_headers = 5", "Value is not a dictionary: 5 "),
    ("logconfig_dict = []", "Value is not a dictionary: [] "),
    ("user = 'no-one-'", "No such user: 'no-one-'"),
    ("group = 'no-one-'", "No such group: 'no-one-'"),
    ("chdir = '/no/such'", "can't chdir to '/no/such'"),
    ("umask = '007'", "invalid literal for int() with base 0: '007'"),
    ("reload_engine = 'x'", "Invalid reload_engine: 'x'"),
    ("reload_extra_files = '/no/such'", "File /no/such does not exists."),
    ("when_ready = 5", "Value is not callable: 5"),
    ("when_ready = 'x'",
     "Value 'x' is not import string. Format: module[.submodules...].object"),
    ("when_ready = 'no_such.x'", "No module named 'no_such'"),
    ("when_ready = 'os.nope'", "Can not load 'nope' from 'os'"),
    ("when_ready = 'os.getcwd'", "Value must have an arity of: 1"),
]  # fmt: skip


@pytest.mark.parametrize("text, reason", BAD_FILES)
def test_bad_value(conf, text, reason):
    name, shown = text.split(" = ")
    ended = run_to_end("-c", conf(text), APP)
    assert ended.code == 1
    shown = shown.strip("'") if shown[0] == "'" else shown
    assert ended.stderr == f"Invalid value for {name}: {shown}\n\n\nError: {reason}\n"


@pytest.mark.parametrize(
    "hook, parameters, arity",
    [
        ("on_starting", "a, b", 1),
        ("pre_fork", "a", 2),
        ("nworkers_changed", "a, b", 3),
        ("post_request", "a", 4),
        ("post_request", "a, b, c, d, e", 4),
        ("on_exit", "*args", 1),
    ],
)
def test_hook_with_other_parameters(conf, hook, parameters, arity):
    ended = run_to_end("-c", conf(f"def {hook}({parameters}): pass"), APP)
    assert ended.code == 1
    assert ended.stderr.startswith(f"Invalid value for {hook}: <function {hook} at 0x")
    assert ended.stderr.endswith(f"\n\n\nError: Value must have an arity of: {arity}\n")


@pytest.mark.parametrize(
    "text",
    [
        "def on_starting(server, *, option=1): pass",
        "on_starting = lambda server: None",
        "def post_request(a, b): pass",
        "def post_request(a, b, c): pass",
        "def post_request(a, b, c, d=1): pass",
        "import functools; child_exit = functools.partial(lambda x, a, b: None, 1)",
        "class Hook:\n def __call__(self, server, worker): pass\npre_fork = Hook()",
        "when_ready = 'os.path.basename'",
    ],
)
def test_forms_of_hooks(conf, text):
    assert run_to_end("--check-config", "-c", conf(text), APP).code == 0


def test_missing_file():
    ended = run_to_end("-c", "no-such.py", APP)
    assert (ended.code, ended.stderr) == (1, "\nError: 'no-such.py' doesn't exist\n")


def test_missing_module():
    ended = run_to_end("-c", "python:no_such", APP)
    assert (ended.code, ended.stderr) == (1, "\nError: No module named 'no_such'\n")


@pytest.mark.parametrize(
    "text, end",
    [
        ("1 / 0", "ZeroDivisionError: division by zero\n"),
        ("workers =", "SyntaxError: invalid syntax\n"),
        ("import os; os.environ['NO_SUCH']", "KeyError: 'NO_SUCH'\n"),
    ],
)
def test_file_that_fails(conf, text, end):
    path = conf(text)
    ended = run_to_end("-c", path, APP)
    assert ended.code == 1
    assert ended.stderr.startswith(f"Failed to read config file: {path}\nTraceback (most recent")
    assert f'  File "{path}", line 1' in ended.stderr
    assert ended.stderr.endswith(end)


@pytest.mark.parametrize(
    "argument, code, text", [("'missing'", 1, "missing\n"), ("7", 7, ""), ("", 0, "")]
)
def test_file_that_exits(conf, argument, code, text):
    ended = run_to_end("-c", conf(f"import sys\nprint('out')\nsys.exit({argument})"), APP)
    assert ended == (code, "out\n", text)


@pytest.mark.parametrize(
    "text, code, end",
    [
        ("-w 'x", 1, "\nError: No closing quotation\n"),
        ("--foo", 2, " error: unrecognized arguments: --foo\n"),
        ("-w x", 2, " error: argument -w/--workers: invalid int value: 'x'\n"),
        ("-w -1", 1, "\nError: Value must be positive: -1\n"),
    ],
)
def test_bad_words_in_the_environment(text, code, end):
    ended = run_to_end(APP, env={"GUNICORN_CMD_ARGS": text})
    assert ended.code == code
    assert ended.stderr.endswith(end)


@pytest.mark.parametrize(
    "args, reason",
    [
        (["-u", "no-one-"], "No such user: 'no-one-'"),
        (["-g", "no-one-"], "No such group: 'no-one-'"),
        (["--chdir", "/no/such"], "can't chdir to '/no/such'"),
        (["--reload-engine", "x"], "Invalid reload_engine: 'x'"),
        (["-e", "NO_VALUE"], "environment setting 'NO_VALUE' invalid"),
    ],
)
def test_bad_option(args, reason):
    ended = run_to_end(*args, APP)
    assert (ended.code, ended.stderr.rstrip()) == (1, f"\nError: {reason}")


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "args, reason",
    [
        (["--forwarded-allow-ips", "10.0.0.1/8"], "10.0.0.1/8 has host bits set"),
        (["--forwarded-allow-ips", "x"], "'x' does not appear to be an IPv4 or IPv6 network"),
        (["--statsd-host", "a:b"], "Value must be one of ('host:port', 'unix://PATH')"),
        (["--paste", "/no/such.ini"], "'/no/such.ini' not found"),
        (["--header-map", "x"], "Invalid header map behaviour: x"),
        (["--proxy-protocol", "v3"], "proxy_protocol must be: off, v1, v2, or auto"),
        (["--http-protocols", "h1,h4"], "Invalid protocol 'h4'. Valid protocols: h1, h2, h3"),
    ],
)
def test_bad_option_of_later_gunicorns(args, reason):
    ended = run_to_end(*args, APP)
    assert (ended.code, ended.stderr) == (1, f"\nError: {reason}\n")


@pytest.mark.ucorn_only
def test_text_with_a_nul(conf):
    ended = run_to_end("-c", conf(r"pidfile = 'a\0b'"), APP)
    assert ended.code == 1
    assert ended.stderr.endswith("\nError: embedded null byte\n")


@pytest.mark.ucorn_only
def test_text_that_is_no_utf8(conf):
    text = "import os\npidfile = os.fsdecode(b'/\\xff')\nprint(pidfile == os.fsdecode(b'/\\xff'))"
    assert run_to_end("--check-config", "-c", conf(text), APP) == (0, "True\n", "")


def test_what_a_file_prints_comes_once(conf, serve):
    server = serve(APP, "-c", conf("print('printed once')"), "-w", "2")
    server.wait_workers(2)
    server.stop()
    assert server.stdout == "printed once\n"


# What ucorn does not do.


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "text",
    [
        "certfile = '/c'", "keyfile = '/k'", "cert_reqs = 2", "proxy_protocol = True",
        "proxy_allow_ips = '*'", "protocol = 'uwsgi'",
    ],
)  # fmt: skip
def test_what_must_not_be_ignored_is_refused(conf, text):
    ended = run_to_end("--check-config", "-c", conf(text), APP)
    assert ended.code == 1
    assert "is not possible yet: " in ended.stderr


@pytest.mark.ucorn_only
def test_what_is_not_offered_is_said(conf, serve):
    path = conf("dirty_workers = 2\ndef on_dirty_starting(a): pass\nworker_tmp_dir = '/dev/shm'")
    server = serve(APP, "-c", path)
    assert server.in_log(
        r"\[WARNING\] dirty_workers is ignored: ", r"\[WARNING\] on_dirty_starting is ignored: "
    )
    assert "worker_tmp_dir" not in server.log


@pytest.mark.ucorn_only
def test_defaults_of_what_is_not_offered_are_silent(conf, serve):
    path = conf(
        "http2_max_frame_size = 16384\nprotocol = 'http'\nasgi_loop = 'auto'\ndirty_apps = []\n"
        "control_socket_disable = True\nproxy_protocol = False\ncertfile = None\n"
    )
    assert "[WARNING]" not in serve(APP, "-c", path).log


# --print-config, --check-config, --explain-config.

#: Values that differ from Debian's gunicorn 20.1, and why.
INTENDED = {
    "forwarded_allow_ips": "the default of 26.1 knows ::1",
    "proxy_allow_ips": "the default of 26.1 knows ::1",
    "proxy_protocol": "26.1 has modes, not a switch",
}

GOOD_FILES = [
    "",
    "workers = '0x1F'\nthreads = True\ntimeout = ' 9 '\nkeepalive = '1_0'",
    "bind = 'unix:/x'\nbacklog = 1\nraw_env = 'A=1'",
    "bind = ('a:1', 'b:2')\nraw_env = ['A=1', 'B=a=b']",
    "preload_app = 'TRUE '\nreload = 'false'\nspew = False",
    "umask = 0o22\nuser = 'root'\ngroup = 0\ninitgroups = True",
    "umask = '0o22'\nuser = None\ngroup = '0'",
    "pidfile = ' /p '\nproc_name = None\naccesslog = '-'\nerrorlog = 'e.log'\nloglevel = 'DEBUG'",
    "class logger_class: pass",
    "logger_class = 'a.b.C'\nlogconfig_dict = {'version': 1}",
    "worker_class = 'egg:gunicorn#sync'\nworker_connections = 5",
    "statsd_host = 'localhost:8125'\nstatsd_prefix = 'x'\ndogstatsd_tags = 'a,b'",
    "statsd_host = 'unix:12'",
    "secure_scheme_headers = {'X-Forwarded-Proto': 'https', 'A': 'b,c'}",
    "sendfile = False\nreuse_port = True\ndaemon = True",
    "sendfile = True",
    "syslog = True\nsyslog_addr = 'unix:///dev/log#dgram'\nsyslog_prefix = 'x'",
    "chdir = '..'\npythonpath = '/a,b'",
    "chdir = '/usr/../tmp'",
    "limit_request_line = 0\nlimit_request_fields = 5\nlimit_request_field_size = 0",
    "access_log_format = '%(h)s µ {\"a\": \"%(r)s\"}'",
    "config = 'x'\ndefault_proc_name = 'name'\ntmp_upload_dir = '/tmp'",
    "raw_paste_global_conf = ['a=b']\npaste = None\nreload_extra_files = [__file__]",
    "def post_fork(server, worker): pass\non_exit = lambda server: None",
    "from os.path import basename as when_ready",
    "suppress_ragged_eofs = True\ncert_reqs = 0\nssl_version = 2",
    "max_requests = 1000\nmax_requests_jitter = '50'\ngraceful_timeout = 0",
    "capture_output = True\nenable_stdio_inheritance = True\n"
    "disable_redirect_access_to_syslog = True",
]


@pytest.mark.ucorn_only
@pytest.mark.compares
@needs_gunicorn
@pytest.mark.parametrize("text", GOOD_FILES)
def test_values_are_gunicorns(conf, text):
    # Both import the application, wherever `chdir` leads.
    options = {"env": {"PYTHONPATH": str(APPS), "SENDFILE": "no"}}
    if "sendfile" not in text:
        del options["env"]["SENDFILE"]
    ours = printed("-c", conf(text), **options)
    theirs = printed("-c", conf(text), kind=Gunicorn, **options)
    common = (ours.keys() & theirs.keys()) - INTENDED.keys()
    assert len(common) > 80
    at = re.compile(" at 0x[0-9a-f]+")
    assert {n: at.sub("", ours[n]) for n in common} == {n: at.sub("", theirs[n]) for n in common}


@pytest.mark.ucorn_only
def test_print_config_is_sorted_and_aligned():
    lines = run_to_end("--print-config", APP).stdout.splitlines()
    names = [line.split()[0] for line in lines]
    assert names == sorted(names)
    width = max(map(len, names))
    assert all(line.startswith(f"{name:{width}} = ") for name, line in zip(names, lines))


def test_print_config_of_the_file_does_not_serve(conf):
    ended = run_to_end("-c", conf("print_config = True"), APP)
    assert ended.code == 0
    assert "\nworkers " in ended.stdout


@pytest.mark.parametrize("spec, error", [("wsgiapp:no", "'no' in 'wsgiapp'"), ("no:app", "'no'")])
def test_check_config_of_a_bad_application(spec, error):
    ended = run_to_end("--check-config", spec)
    assert ended.code == 1
    assert ended.stderr.startswith("\nError while loading the application:\n\nTraceback (most rec")
    assert error in ended.stderr.splitlines()[-1]


def test_check_config_of_a_good_application():
    assert run_to_end("--check-config", APP) == (0, "", "")


@pytest.mark.ucorn_only
def test_explain_config(conf):
    path = conf("timeout = 9\nworkers = 3")
    env = {"PORT": "5000", "GUNICORN_CMD_ARGS": "-w 4 --threads 1", "UCORN_CMD_ARGS": "--threads=1"}
    ended = run_to_end("--explain-config", "-c", path, "--backlog=7", APP, env=env)
    assert ended.code == 0
    for name, value, origin in [
        ("bind", "['0.0.0.0:5000']", "environment PORT"),
        ("timeout", "9", str(path)),
        ("workers", "4", "GUNICORN_CMD_ARGS"),
        ("threads", "1", "UCORN_CMD_ARGS"),
        ("backlog", "7", "command line"),
        ("keepalive", "2", "default"),
    ]:
        line = rf"^{name} += {re.escape(value)}  \[{re.escape(origin)}\]$"
        assert re.search(line, ended.stdout, re.M), name


# Reloads.


@pytest.fixture
def reloadable(conf, serve, tmp_path):
    """serve() with a file that can be changed: change(text) sends HUP."""

    class Reloadable:
        def __init__(self, text, *args, **options):
            self.path = conf(text)
            self.server = serve(APP, "-c", self.path, *args, **options)

        def change(self, text, log=None):
            before = self.server.workers()
            self.path.write_text(text)
            self.server.signal_and_wait(signal.SIGHUP)
            if log:
                self.server.wait_log(log)
            return before

    return Reloadable


def test_reload_reads_the_file_again(reloadable):
    running = reloadable("workers = 1\nraw_env = ['A=old', 'B=old']", env={"A": "outside"})
    assert running.server.get("/variable?name=A").text == "old"
    before = running.change("workers = 3\nraw_env = ['C=new']")
    running.server.wait_workers(3, other_than=before)
    values = [running.server.get(f"/variable?name={name}").text for name in "ABC"]
    assert values == ["outside", "(unset)", "new"]


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "text, reason",
    [
        ("1 / 0", "division by zero"),
        ("workers = -2", "Invalid value for workers: -2: Value must be positive: -2"),
        ("import sys; sys.exit(3)", r"the configuration file has called sys\.exit\(3\)"),
        ("worker_class = 'nonsense'", "nonsense"),
    ],
)
def test_reload_of_a_broken_file_changes_nothing(reloadable, text, reason):
    running = reloadable("workers = 2")
    before = running.server.wait_workers(2)
    running.change(text, log=rf"\[ERROR\] The reload was given up, .*{reason}")
    assert running.server.workers() == before
    assert running.server.get("/").text == "hello"
    running.change("workers = 3")
    running.server.wait_workers(3, other_than=before)


@pytest.mark.ucorn_only
def test_reload_that_fails_is_undone(reloadable, tmp_path):
    """What the file has changed in the process: variables, sys.path, folder, umask."""
    tell = (
        "import os, sys, json\n"
        f"def facts(): return [os.environ.get('LEFT'), '/left' in sys.path,\n"
        "                      getattr(sys.modules['__config__'], 'mark', None)]\n"
        f"json.dump(facts(), open('{tmp_path}/told', 'w'))\n"
    )
    running = reloadable("mark = 1")
    master = Path(f"/proc/{running.server.pid}")

    def state():
        umask = re.search(r"Umask:\s*(\w+)", (master / "status").read_text())[1]
        return os.readlink(master / "cwd"), umask

    before = state()
    running.change(
        "import os, sys\nmark = 2\nos.environ['LEFT'] = '1'\nsys.path.insert(0, '/left')\n"
        "os.chdir('/')\nos.umask(0o777)\nraise OSError('broken')\n",
        log="The reload was given up, .*broken",
    )
    assert state() == before
    running.change(tell)
    facts = until((tmp_path / "told").exists, "the file is read") and tmp_path / "told"
    until(facts.read_text, "it has told")
    assert json.loads(facts.read_text()) == [None, False, None]


@pytest.mark.ucorn_only
def test_reload_without_the_start_folder(conf, serve, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    env = {"PYTHONPATH": str(APPS)}
    server = serve(APP, "-c", conf(""), "--chdir", APPS, cwd=folder, env=env)
    folder.rmdir()
    server.signal_and_wait(signal.SIGHUP)
    server.wait_log("The reload was given up, ")
    assert server.get("/").text == "hello"
    assert "Traceback" not in server.log


@pytest.mark.ucorn_only
def test_reload_imports_the_gunicorn_that_was_there_at_start(reloadable, tmp_path):
    text = (
        "import gunicorn\nuse_installed_gunicorn = True\n"
        f"open('{tmp_path}/seen', 'a').write(f'{{hasattr(gunicorn, \"__file__\")}}\\n')\n"
    )
    running = reloadable(text)
    running.change(text + "accesslog = '/no/such'\n", log="The reload was given up, ")
    before = running.change(text)
    running.server.wait_workers(1, other_than=before)
    assert (tmp_path / "seen").read_text() == "False\n" * 3


@pytest.mark.ucorn_only
def test_reload_reads_a_module_again(serve, tmp_path):
    module = tmp_path / "serverconf.py"
    module.write_text("workers = 1")
    server = serve(APP, "-c", "python:serverconf", env={"PYTHONPATH": str(tmp_path)})
    before = server.workers()
    module.write_text("workers = 2  # longer")
    server.signal(signal.SIGHUP)
    server.wait_workers(2, other_than=before)


@pytest.mark.ucorn_only
def test_reload_says_what_needs_a_restart(reloadable):
    running = reloadable("")
    running.change("enable_stdio_inheritance = True")
    running.server.wait_log(r"\[WARNING\] enable_stdio_inheritance has changed: only a restart")


# cfg, as hooks and logger classes see it.


@pytest.mark.ucorn_only
def test_cfg(conf, tmp_path):
    """A file asks the class itself: hooks get one that is made in the same way."""
    told = tmp_path / "told"
    path = conf(
        "import json\nfrom ucorn.config import Config\ncfg = Config()\n"
        "def refusal(name, value):\n"
        "    try:\n        cfg.set(name, value)\n"
        "    except Exception as error:\n        return str(error)\n"
        "cfg.set('workers', '0x2')\ncfg.set('bind', 'unix:/s')\ncfg.set('threads', 3)\n"
        "cfg.set('raw_env', ['A=b=c'])\ncfg.set('statsd_host', 'unix:///s')\n"
        "cfg.set('post_request', lambda a, b: (a, b))\n"
        "facts = [cfg.workers, cfg.bind, cfg.address, cfg.env, cfg.statsd_host,\n"
        "         cfg.worker_class_str, cfg.proc_name, cfg.uid, cfg.is_ssl, cfg.sendfile,\n"
        "         cfg.settings['workers'].value, cfg.settings['workers'].default,\n"
        "         cfg.settings['bind'].cli, cfg.settings['bind'].section,\n"
        "         cfg.secure_scheme_headers['X-FORWARDED-SSL'], cfg.forwarded_allow_ips,\n"
        "         cfg.post_request(1, 2, 3, 4), cfg.on_exit(None), sorted(cfg.ssl_options)[0],\n"
        "         refusal('workers', -1), refusal('nope', 1), refusal('pre_fork', len),\n"
        "         refusal('header_map', 'x')]\n"
        f"json.dump(facts, open('{told}', 'w'))\n"
    )
    ended = run_to_end("--check-config", "-c", path, APP)
    assert ended.code == 0, ended.stderr
    assert json.loads(told.read_text()) == [
        2, ["unix:/s"], ["/s"], {"A": "b=c"}, "/s",
        "gthread", "ucorn", os.geteuid(), None, True,
        2, 1,
        ["-b", "--bind"], "Server Socket",
        "on", ["127.0.0.1", "::1"],
        [1, 2], None, "ca_certs",
        "Value must be positive: -1", "No configuration setting for: nope",
        "Value must have an arity of: 2",
        "Invalid header map behaviour: x",
    ]  # fmt: skip
