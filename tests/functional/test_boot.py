"""The command line: what the application gets, and how a start can fail."""

import re
import socket

import pytest

from support.server import APPS, BINARY, FUNCTIONAL


@pytest.fixture
def run(serve):
    """Runs the server to its end; gives it with its exit code."""

    def run_to_the_end(app, *args, **options):
        server = serve(app, *args, probe=None, **options)
        server.code = server.wait_exit()
        return server

    return run_to_the_end


# Command lines that start nothing.


def test_version(run):
    server = run(None, "--version")
    assert server.code == 0
    assert server.stdout.startswith(f"{BINARY.name} (version ")
    assert server.stderr == ""


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(run, flag):
    server = run(None, flag)
    assert server.code == 0
    assert server.stdout.lower().startswith("usage: ")
    for option in ("-b", "--bind", "-w", "--workers", "--worker-class", "--max-requests"):
        assert option in server.stdout


def test_unknown_flag(run):
    server = run("wsgiapp:app", "--no-such-flag")
    assert server.code == 2
    assert "--no-such-flag" in server.stderr
    assert server.stdout == ""


@pytest.mark.parametrize(
    "args, code, culprit",
    [
        (["--workers=many"], 2, "many"),
        (["--workers=-1"], 1, "-1"),
        (["--timeout", "soon"], 2, "soon"),
        (["--chdir", "/no/such/place"], 1, "/no/such/place"),
        (["-k", "nonsense"], 1, "nonsense"),
        (["--threads", "none"], 2, "threads"),
        (["-e", "NO_VALUE"], 1, "NO_VALUE"),
    ],
)
def test_bad_value(run, args, code, culprit):
    server = run("wsgiapp:app", *args)
    assert server.code == code
    assert culprit in server.stderr


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "args, culprit",
    [
        (["-w", "100000"], "100000"),
    ],
)
def test_value_that_cannot_work(run, args, culprit):
    """Found before anything starts, and said in one line."""
    server = run("wsgiapp:app", *args)
    assert server.code == 1
    assert culprit in server.stderr
    assert len(server.stderr.strip().splitlines()) == 1


def test_no_application(run):
    server = run(None)
    assert server.code == 1
    assert "Error: No application module specified." in server.stderr


# Applications that do not load.


def test_import_error(run, backend):
    server = run("broken:app", "-k", backend)
    assert server.code == 3
    assert server.in_log(
        r"\[ERROR\] Exception in worker process$",
        r"^Traceback \(most recent call last\):$",
        r"broken\.py",
        r"^LookupError: this module refuses to be imported$",
        r"Reason: Worker failed to boot\.$",
    )


@pytest.mark.ucorn_only  # and gunicorn 26
@pytest.mark.parametrize(
    "spec, reason", [("broken:app", "Worker failed to boot."), ("wsgiapp:x", "App failed to load.")]
)
def test_last_words_of_a_failed_start_are_errors(run, spec, reason):
    server = run(spec)
    assert re.search(
        rf"\[ERROR\] Shutting down: Master\n.*\[ERROR\] Reason: {reason}\n\Z", server.log
    )


def test_no_such_module(run, backend):
    server = run("no_such_module:app", "-k", backend)
    assert server.code == 3
    assert server.in_log(r"^ModuleNotFoundError: No module named 'no_such_module'$")


@pytest.mark.parametrize(
    "spec, message",
    [
        ("wsgiapp:nothing", "Failed to find attribute 'nothing' in 'wsgiapp'."),
        ("wsgiapp:a.b", "Failed to parse 'a.b' as an attribute name or function call"),
        ("wsgiapp:not_callable", "Application object must be callable."),
        ("wsgiapp:create_app(variable)", "Failed to parse arguments as literal values"),
        ("wsgiapp:create_app()", "missing 1 required positional argument: 'name'"),
    ],
)
def test_no_such_application(run, spec, message):
    server = run(spec)
    assert server.code == 4
    assert message in server.stderr
    assert "Reason: App failed to load." in server.stderr


@pytest.mark.parametrize(
    "source, code, reason",
    [
        ("app = 5", 4, "Application object must be callable."),
        ("import sys\nsys.exit('database is missing')", 1, "database is missing"),
    ],
)
def test_reason_is_in_the_log_file(serve, tmp_path, source, code, reason):
    (tmp_path / "bad.py").write_text(source)
    log = tmp_path / "error.log"
    server = serve(
        "bad:app", "--error-logfile", log, errorlog=log, probe=None, cwd=tmp_path
    )
    server.wait_log(rf"\[ERROR\] {reason}$")
    assert reason in server.stderr
    if code == 4:
        assert server.wait_exit() == code


def test_import_error_with_preload(run):
    server = run("broken:app", "--preload")
    assert server.code == 1
    assert "LookupError: this module refuses to be imported" in server.stderr


# Applications that do.


@pytest.mark.parametrize(
    "spec, answer",
    [
        ("wsgiapp", "hello"),
        ("wsgiapp:application", "hello"),
        ("wsgiapp:app", "hello"),
        ("wsgiapp:create_app('one')", "one False"),
        ("wsgiapp:create_app('two words', flag=True)", "two words True"),
    ],
)
def test_application_spec(serve, spec, answer):
    assert serve(spec).get("/").text == answer


def test_options_may_follow_the_application(serve):
    server = serve(None, "wsgiapp:app", "-w", "2")
    assert len(server.wait_workers(2)) == 2


def test_example(serve):
    server = serve("hello:app", cwd=FUNCTIONAL.parents[1] / "examples/hello")
    assert server.get("/reader").text == "Hello, reader!\n"


@pytest.mark.parametrize("option", ["--chdir", "--pythonpath"])
def test_where_the_application_is(serve, tmp_path, option):
    assert serve("wsgiapp:app", option, APPS, cwd=tmp_path).get("/").text == "hello"


def test_environment(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-e", "FOO=bar", "-e", "EMPTY=", "-e", "EQ=a=b")
    for name, value in {"FOO": "bar", "EMPTY": "", "EQ": "a=b", "NONE": "(unset)"}.items():
        assert server.get(f"/variable?name={name}").text == value


def test_web_concurrency(serve):
    serve("wsgiapp:app", env={"WEB_CONCURRENCY": "3"}).wait_workers(3)


def test_preload(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "2", "--preload")
    assert server.get("/imported-by").text == str(server.pid)
    assert server.get("/pid").text != str(server.pid)


def test_without_preload(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-w", "1")
    assert server.get("/imported-by").text == server.get("/pid").text


# Addresses.


def test_port_in_use(run):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        host, port = holder.getsockname()
        server = run("wsgiapp:app", bind=[f"{host}:{port}"])
    assert server.code == 1
    assert server.in_log(rf"\[ERROR\] Connection in use: \('{host}', {port}\)$")


def test_unix_path_that_is_no_socket(run, tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    server = run("wsgiapp:app", bind=[f"unix:{path}"])
    assert server.code == 1
    assert f"{str(path)!r} is not a socket" in server.stderr
    assert path.read_text() == "precious"


def test_stale_unix_socket_is_replaced(serve, tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert serve("wsgiapp:app", bind=[f"unix:{path}"]).get("/").text == "hello"


# Access log.

LINE = (
    r'^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
    r'"GET /size\?n=1234 HTTP/1\.1" 200 1234 "http://example\.org/" "tester \\"1\\""$'
)


def test_access_log_on_stdout(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--access-logfile", "-")
    server.get("/size?n=1234", [("Referer", "http://example.org/"), ("User-Agent", 'tester "1"')])
    server.wait_stdout(LINE)


def test_access_log_file_and_format(serve, backend, tmp_path):
    file = tmp_path / "access.log"
    line_format = "%(h)s %(m)s %(U)s %(q)s %(H)s %(s)s %(B)s %({x-a}i)s %({x-b}o)s %({path_info}e)s"
    args = ["--access-logfile", file, "--access-logformat", line_format]
    server = serve("wsgiapp:app", "-k", backend, *args, probe="/pid")
    server.get("/field?X-B=out", [("X-A", "in")])
    server.stop()
    line = "127.0.0.1 GET /field X-B=out HTTP/1.1 200 5 in out /field"
    assert line in file.read_text().splitlines()
    assert server.stdout == ""


@pytest.mark.ucorn_only
def test_access_log_of_failed_requests(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--access-logfile", "-")
    server.get("/boom")
    server.wait_stdout(r'"GET /boom HTTP/1\.1" 500 ')


def test_no_access_log_by_default(serve, backend):
    server = serve("wsgiapp:app", "-k", backend)
    server.get("/")
    server.stop()
    assert server.stdout == ""
    assert "GET /" not in server.stderr
