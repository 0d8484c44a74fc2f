"""Error log and access log: lines, destinations, loggers and metrics as under gunicorn."""

import json
import re
import signal
import socket
import textwrap

import pytest

from support.gunicorn import Gunicorn, needs_gunicorn
from support.server import APPS, Server
from support.waiting import DEADLINE, until

pytestmark = pytest.mark.ucorn_only

DEFAULT_FORMAT = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'


@pytest.fixture
def configured(serve, tmp_path):
    """configured(text, *args, app=...): a server with this text as its config file."""
    path = tmp_path / "settings.py"

    def start(text, *args, app="logapp:app", **options):
        path.write_text(textwrap.dedent(text))
        return serve(app, "-c", path, *args, **options)

    return start


class Datagrams:
    """A socket that statsd or syslog datagrams come to."""

    def __init__(self, path=None):
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(str(path) if path else ("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE)
        self.port = None if path else self.socket.getsockname()[1]
        self.seen = []

    def wait_for(self, pattern):
        """The first datagram that matches, of those that have come or are still to come."""
        for text in self.seen:
            if re.search(pattern, text):
                return text
        while True:
            self.seen.append(self.socket.recv(65536).decode())
            if re.search(pattern, self.seen[-1]):
                return self.seen[-1]


@pytest.fixture
def datagrams(tmp_path):
    made = []

    def make(path=None):
        made.append(Datagrams(path))
        return made[-1]

    yield make
    for one in made:
        one.socket.close()


# Lines of the access log, beside Debian's gunicorn.

FORMATS = [
    DEFAULT_FORMAT,
    "%(h)-15s|%(b)-6s|%(b)6s|%(s)5s|%(s).1s|%(m)s|%(H)s",
    "%(U)s %(q)s %(B)s %(B)d %(B)06d %(T)s %(T)d %(T)02d %%",
    "%({Host}i)s %({x-a}i)s %({X-A}i)s %({none}i)s %({x-shop}o)s %({Content-Type}o)s %({none}o)s",
    "%({raw_uri}e)s %({REQUEST_METHOD}e)s %({shop.user}e)s %({none}e)s %(none)s %()s",
    '{"m": "%(m)s", "s": %(s)s, "path": "%(U)s", "p": "%(p)s", "L": %(L)s, "D": %(D)s, "M": %(M)d}',
    "%(t)s %(u)s %(s)r %(B)x %(B).1f",
]

REQUESTS = [
    ("GET", "/", ()),
    ("GET", "/missing?a=b&c=%20d", [("Referer", "http://there/")]),
    ("HEAD", "/head", [("User-Agent", 'one "of" them')]),
    ("POST", "/a%2Bb%22c", [("Content-Length", "0"), ("X-A", "first"), ("X-A", "second")]),
    ("GET", "/a%20b?q", [("Authorization", "Basic YW5uOnNlY3JldA==")]),
    ("GET", "/", [("Authorization", "Bearer x"), ("X-A", "")]),
]


def lines_of(server, path):
    """The access lines of REQUESTS, without what differs from run to run."""
    for method, target, fields in REQUESTS:
        with server.connect() as client:
            client.request(method, target, fields=[*fields, ("Connection", "close")])
    wanted = len(REQUESTS)
    until(lambda: path.read_text().count("\n") >= wanted, f"{path} has {wanted} lines")
    text = re.sub(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d", "TIME", path.read_text())
    text = re.sub(r"<\d+>", "<PID>", text)
    text = re.sub(r'("L": )0\.0\d{5}', r"\1SECONDS", text)
    return re.sub(r'("[DM]": )\d{1,5}\b', r"\1DURATION", text).splitlines()


@pytest.mark.compares
@needs_gunicorn
@pytest.mark.parametrize("number", range(len(FORMATS)))
def test_access_lines_are_gunicorns(tmp_path, number):
    lines = {}
    for name, kind in (("gunicorn", Gunicorn), ("ucorn", Server)):
        path = tmp_path / f"{name}.log"
        args = ["--access-logfile", path, "--access-logformat", FORMATS[number]]
        (tmp_path / name).mkdir()
        server = kind.start(tmp_path / name, "logapp:app", *args, probe=None)
        try:
            server.wait_log("Booting worker")
            lines[name] = lines_of(server, path)
        finally:
            server.finish()
    assert lines["ucorn"] == lines["gunicorn"]


def test_utf8_stays_utf8(serve, tmp_path):
    """gunicorn writes each byte as a character of its own."""
    path = tmp_path / "access.log"
    server = serve("logapp:app", "--access-logfile", path, "--access-logformat", "%(U)s %(a)s")
    server.get("/caf%C3%A9", [("User-Agent", "\u00c3\u00a9")])
    until(lambda: b"/caf\xc3\xa9 \xc3\xa9\n" in path.read_bytes(), "the line is there")


def test_utf8_stays_utf8_with_python(serve, tmp_path):
    path = tmp_path / "access.log"
    args = ["--access-logfile", path, "--access-logformat", "%(U)s %(a)s"]
    server = serve("logapp:with_handler('gunicorn.access')", *args)
    server.get("/caf%C3%A9", [("User-Agent", "\u00c3\u00a9")])
    until(lambda: b"/caf\xc3\xa9 \xc3\xa9\n" in path.read_bytes(), "the line is there")
    server.wait_stdout("agent gunicorn.access INFO /caf\u00e9")


def test_the_server_writes_stock_lines_itself(serve, tmp_path):
    """Without Python: what becomes of the handlers later does not matter."""
    path = tmp_path / "access.log"
    args = ["--access-logfile", path, "--access-logformat", "%(U)s"]
    server = serve("logapp:app", *args, probe="/mute")
    server.get("/boom")
    server.wait_log(r"\[ERROR\] Error handling request GET /boom$")
    until(lambda: path.read_text().endswith("/mute\n/boom\n"), "the lines are there")


@pytest.mark.parametrize("place", ["post_request", "access"])
def test_quit_in_the_midst_of_logging(configured, place):
    """Ends the worker, as anywhere else in Python code."""
    server = configured(
        f"""
        import os, signal
        from gunicorn.glogging import Logger

        def leave(path):
            if path == "/quit":
                os.kill(os.getpid(), signal.SIGQUIT)
                while True:
                    pass

        class Leaving(Logger):
            def access(self, resp, req, environ, request_time):
                leave(req.path)

        def leaving(worker, req, environ, resp):
            leave(req.path)

        if {place!r} == "access":
            logger_class, accesslog = Leaving, "-"
        else:
            post_request = leaving
        """
    )
    [old] = server.workers()
    assert server.get("/quit").status == 200
    until(lambda: server.workers() not in ([old], []), "another worker")
    assert "Exception" not in server.log


# Formats with mistakes.


@pytest.mark.parametrize("line_format", ["%(h) -", "50% %(m)s", "%(s)d", "%(h"])
def test_broken_format(serve, tmp_path, line_format):
    """It costs neither the request nor the line."""
    path = tmp_path / "access.log"
    args = ["--access-logfile", path, "--access-logformat", line_format]
    server = serve("logapp:app", *args, probe=None)
    server.wait_log(r"\[WARNING\] access_log_format: .* it is taken as text$")
    server.wait_log("Booting worker")
    assert server.get("/").status == 200
    expected = line_format.replace("%(m)s", "GET") + "\n"
    until(lambda: path.read_text() == expected, f"the line {expected!r}")


def test_broken_format_with_python(serve):
    """Then it is logging that complains, once for each line."""
    args = ["--access-logfile", "-", "--access-logformat", "%(h) -"]
    server = serve("logapp:with_handler('gunicorn.access')", *args)
    assert server.get("/").status == 200
    until(lambda: "--- Logging error ---" in server.stderr, "logging complains")
    assert server.get("/").status == 200


# JSON lines and exclusion.

JSON_KEYS = (
    "time remote_addr user method path query protocol status bytes referer user_agent "
    "duration_us pid"
).split()


@pytest.mark.parametrize("app", ["logapp:app", "logapp:with_handler('gunicorn.access')"])
def test_json(serve, tmp_path, app):
    path = tmp_path / "access.log"
    server = serve(app, "--access-logfile", path, "--access-logformat", "json", probe=None)
    server.wait_log("Booting worker")
    agent = "caf\u00e9 \u00c3\u00a9 \\"  # the bytes of latin-1, then those of UTF-8
    server.get("/a%22b%0a?x=1", [("User-Agent", agent), ("Referer", "\u0085")])
    server.get("/missing", [("Authorization", "Basic YW5uOnNlY3JldA==")])
    until(lambda: path.read_text().count("\n") >= 2, "two lines")
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert list(first) == list(second) == JSON_KEYS
    assert first["path"] == '/a"b\n' and first["query"] == "x=1"
    assert first["user_agent"] == "caf\u00e9 \u00e9 \\" and first["referer"] == "\u0085"
    assert (first["status"], first["bytes"], first["pid"]) == (200, 5, server.workers()[0])
    assert type(first["duration_us"]) is int and first["user"] is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", first["time"])
    assert (second["user"], second["status"], second["referer"]) == ("ann", 404, None)
    assert (second["method"], second["protocol"]) == ("GET", "HTTP/1.1")
    assert second["remote_addr"] == "127.0.0.1"
    assert "\\u0085" in path.read_text()


@pytest.mark.parametrize("app", ["logapp:app", "logapp:with_handler('gunicorn.access')"])
def test_exclude(serve, tmp_path, app):
    path = tmp_path / "access.log"
    options = ["--access-logformat", "%(U)s", "--access-log-exclude", "/health, /metrics"]
    server = serve(app, "--access-logfile", path, *options, probe=None)
    server.wait_log("Booting worker")
    for target in ("/health", "/health/db?x", "/metrics/a", "/healthcare", "/health/../x"):
        server.get(target)
    server.get("/health/%2e%2E/y")
    expected = "/healthcare\n/health/../x\n/health/../y\n"
    until(lambda: path.read_text() == expected, "just three lines")


#: Headers whose lines have to be the same whoever writes them.
SAME_LINES = [
    [],
    [("User-Agent", "-"), ("Referer", "")],
    [("User-Agent", "caf\u00c3\u00a9 \" \\"), ("Referer", "\u0085\u00c2\u009b[2J\u00e2\u0082\u00ac")],
    [("Authorization", "Basic LTo=")],  # somebody called -
    [("Authorization", "Basic YW5uOg==")],
]


@pytest.mark.parametrize(
    "line_format", ["json", "%(r)s|%(u)s|%(f)s|%({User-Agent}i)s|%({http_user_agent}e)s|%(U)s"]
)
def test_both_writers_agree(serve, tmp_path, line_format):
    texts = []
    for app in ("logapp:app", "logapp:with_handler('gunicorn.access')"):
        path = tmp_path / f"access{len(texts)}.log"
        server = serve(app, "--access-logfile", path, "--access-logformat", line_format, probe=None)
        server.wait_log("Booting worker")
        for headers in SAME_LINES:
            server.get("/a%c2%9b%9f?x", headers)
        until(lambda: path.read_bytes().count(b"\n") >= len(SAME_LINES), "all lines")
        text = re.sub(r'"time":"[^"]*"', "", path.read_text())
        texts.append(re.sub(r'"(duration_us|pid)":\d+', "", text))
    assert texts[0] == texts[1]
    assert not re.search("[\x7f-\x9f]", texts[0])


def test_error_lines_quote_what_clients_send(serve):
    server = serve("logapp:app", probe="/mute")
    server.get("/boom?\u009b[2J\u00c2\u009b")
    server.wait_log(r"\[ERROR\] Error handling request GET /boom\?\\x9b\[2J\\x9b$")


# The application and the server's loggers.


def test_flask_recipe(serve):
    server = serve("logapp:flask_recipe()", probe=None)
    server.wait_log("Booting worker")
    server.get("/log")
    server.wait_log(r"^\[.*\] \[\d+\] \[INFO\] sold$")
    assert server.log.count("sold") == 1


def test_flask_recipe_with_file(serve, tmp_path):
    path = tmp_path / "error.log"
    server = serve("logapp:flask_recipe()", "--error-logfile", path, errorlog=path, probe=None)
    server.wait_log("Booting worker")
    server.get("/log")
    server.wait_log(r"^\[.*\] \[\d+\] \[INFO\] sold$")


@pytest.mark.parametrize("name", ["gunicorn.error", "ucorn.error"])
def test_handler_of_the_application(serve, name):
    """It hears every line, once; the server's own log goes on."""
    server = serve(f"logapp:with_handler('{name}')")
    server.get("/boom")
    server.wait_stdout(r"^agent gunicorn\.error ERROR Error handling request GET /boom$")
    server.wait_stdout(r"^ValueError: boom$")
    server.wait_log(r"\[ERROR\] Error handling request GET /boom$")
    server.stop()
    assert server.stdout.count("ERROR Error handling") == 1
    assert server.log.count("Error handling") == 1
    assert "agent gunicorn.error INFO Worker exiting" in server.stdout


def test_wsgi_errors_with_a_handler(serve):
    server = serve("logapp:with_handler()")
    server.get("/wsgi-errors")
    server.wait_log("^for wsgi.errors$")
    server.wait_stdout("^for wsgi.errors$")


def test_patched_logging(serve):
    server = serve("logapp:with_patched_logging()", "--access-logfile", "-")
    server.get("/boom")
    server.wait_stdout(r"^agent gunicorn\.error Error handling request GET /boom True$")
    server.wait_stdout(r'^agent gunicorn\.access 127\.0\.0\.1 - - .*"GET /boom HTTP/1\.1" 500 ')


def test_failing_handler(serve):
    """Lines are not lost to it, and requests are answered."""
    server = serve("logapp:with_failing_handler()", "--access-logfile", "-")
    assert server.get("/").status == 200
    assert server.get("/boom").status == 500
    server.wait_log(r"\[ERROR\] The logger has failed; its lines are written here$")
    server.wait_log(r"\[ERROR\] Error handling request GET /boom$")
    server.wait_log(r"^ValueError: boom$")
    assert server.get("/").status == 200


def test_loggers_before_the_application(configured, tmp_path):
    """With handlers and level, under both names."""
    (tmp_path / "looking.py").write_text(textwrap.dedent("""
        import logging
        from logapp import app
        for name in ("error", "access"):
            for prefix in ("gunicorn", "ucorn"):
                logger = logging.getLogger("%s.%s" % (prefix, name))
                print(logger.name, logger.level, logger.propagate, len(logger.handlers), flush=True)
    """))
    server = configured(
        "accesslog = '-'\nloglevel = 'warning'", app="looking:app", probe=None,
        env={"PYTHONPATH": f"{tmp_path}:{APPS}"},
    )  # fmt: skip
    server.wait_stdout("gunicorn.access 20 False 1\ngunicorn.access 20 False 1")
    assert server.stdout.startswith("gunicorn.error 30 False 1\n" * 2)


# Logger classes.


def test_subclass(configured):
    server = configured("""
        from gunicorn.glogging import Logger

        accesslog = "-"
        access_log_format = "%(t)s %(m)s %(U)s %(s)s"

        class Shop(Logger):
            def setup(self, cfg):
                super().setup(cfg)
                self._set_handler(self.error_log, cfg.errorlog, self.formatter())
            def formatter(self):
                import logging
                return logging.Formatter("shop %(levelname)s %(message)s")
            def now(self):
                return "NOW"
            def access(self, resp, req, environ, request_time):
                if req.path == "/health":
                    return
                assert isinstance(resp.status, str) and resp.status_code == int(resp.status[:3])
                assert ("X-Shop", 'a "b"') in resp.headers and resp.sent == 5
                assert (req.method, req.uri, req.query, req.version) == ("GET", "/?q", "q", (1, 1))
                assert ("X-A", "here") in req.headers and environ["shop.user"] == "ann"
                assert 0 <= request_time.total_seconds() < 60
                req.note = "has a __dict__"
                super().access(resp, req, environ, request_time)
            def info(self, msg, *args, **kwargs):
                super().info("info: " + msg, *args, **kwargs)

        logger_class = Shop
    """, probe=None)  # fmt: skip
    server.wait_log("^shop INFO info: Booting worker with pid: ")
    server.get("/health")
    server.get("/?q", [("X-A", "here")])
    server.wait_stdout("^NOW GET / 200$")
    server.stop()
    assert server.stdout == "NOW GET / 200\n", server.log
    assert server.in_log("^shop INFO info: Starting", "^shop INFO info: Shutting down: Master$")
    assert "Exception in the logger" not in server.log


def test_logger_that_fails(configured):
    server = configured("""
        from gunicorn.glogging import Logger
        class logger_class(Logger):
            def access(self, resp, req, environ, request_time):
                raise ValueError("not today")
    """)  # fmt: skip
    assert server.get("/").status == 200
    server.wait_log(r"\[ERROR\] Exception in the logger's access\(\)$")
    server.wait_log("^ValueError: not today$")


DUCK = """
import sys

class Duck:
    def __init__(self, cfg):
        self.say("made for", cfg.proc_name)
    def say(self, *words):
        print("duck", *words, file=sys.stderr, flush=True)
    def debug(self, msg, *args, **kwargs):
        self.say("debug", msg % args)
    def info(self, msg, *args, **kwargs):
        self.say("info", msg % args)
    def warning(self, msg, *args, **kwargs):
        self.say("warning", msg % args)
    def error(self, msg, *args, **kwargs):
        self.say("error", msg % args)
    def critical(self, msg, *args, **kwargs):
        self.say("critical", msg % args)
    def exception(self, msg, *args, **kwargs):
        self.say("exception", msg % args, sys.exc_info()[0].__name__)
    def access(self, resp, req, environ, request_time):
        self.say("access", resp.status, req.path)
    def reopen_files(self):
        self.say("reopened")
    def close_on_exec(self):
        pass
"""


def test_duck(serve, tmp_path):
    """A class that inherits from nothing, by its name."""
    (tmp_path / "ducks.py").write_text(DUCK)
    (tmp_path / "conf.py").write_text("logger_class = 'ducks.Duck'\nproc_name = 'pond'\n")
    env = {"PYTHONPATH": str(tmp_path)}
    server = serve("logapp:app", "-c", tmp_path / "conf.py", env=env, probe=None)
    server.wait_log("^duck info Booting worker")
    server.get("/100%25")
    server.get("/boom")
    server.wait_log("^duck exception Error handling request GET /boom ValueError$")
    server.wait_log("^duck access 500 Internal Server Error /boom$")
    server.signal(signal.SIGUSR1)
    until(lambda: server.log.count("duck reopened") == 2, "master and worker have reopened")
    server.stop()
    assert server.in_log("^duck made for pond$", "^duck info Starting", "^duck access 200 OK /100")


def test_unknown_class(run_once):
    code, stderr = run_once("logger_class = 'nobody.Knows'")
    assert code == 1
    assert "Error: class uri 'nobody.Knows' invalid or not found: " in stderr


# Configurations of Python's logging.

JSON_FORMATTER = """
import json, logging, time

class Formatter(logging.Formatter):
    def format(self, record):
        values = {"name": record.name, "level": record.levelname, "pid": record.process}
        if record.name == "gunicorn.access":
            for name, atom in (("method", "m"), ("path", "U"), ("query", "q"), ("status", "s"),
                               ("ms", "M"), ("pid", "p"), ("agent", "{User-Agent}i"),
                               ("type", "{content-type}o"), ("time", "t"), ("none", "nothing")):
                values[name] = record.args[atom]
        else:
            values["message"] = record.getMessage()
        return json.dumps(values)
"""


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_logconfig_dict(configured, tmp_path):
    """Laid over the defaults; a formatter that reads the atoms from record.args."""
    (tmp_path / "formatters.py").write_text(JSON_FORMATTER)
    server = configured("""
        logconfig_dict = {
            "formatters": {"generic": {"()": "formatters.Formatter"}},
            "root": {},
            "loggers": {
                "gunicorn.error": {"level": "INFO", "handlers": ["error_console"]},
                "gunicorn.access": {"level": "INFO", "handlers": ["console"]},
            },
        }
    """, env={"PYTHONPATH": str(tmp_path)}, probe=None)  # fmt: skip
    server.wait_log("Booting worker")
    server.get("/missing?x", [("User-Agent", "me")])
    server.wait_stdout("missing")
    [line] = json_lines(server.stdout)
    assert (line["method"], line["path"], line["query"]) == ("GET", "/missing", "x")
    assert line["status"] == "404"
    assert (line["agent"], line["type"], line["none"]) == ("me", "text/plain", "-")
    assert line["pid"] == f"<{server.workers()[0]}>" and type(line["ms"]) is int
    assert [one["name"] for one in json_lines(server.log)] == ["gunicorn.error"] * 4


INI = """
[loggers]
keys=root, gunicorn.error, gunicorn.access
[handlers]
keys=console
[formatters]
keys=short
[logger_root]
level=INFO
handlers=console
[logger_gunicorn.error]
level=INFO
handlers=console
propagate=0
qualname=gunicorn.error
[logger_gunicorn.access]
level=INFO
handlers=console
propagate=0
qualname=gunicorn.access
[handler_console]
class=StreamHandler
formatter=short
args=(sys.stdout, )
[formatter_short]
format={prefix} %(name)s %(message)s
"""


def test_logconfig(serve, tmp_path):
    (tmp_path / "log.ini").write_text(INI.format(prefix="ini"))
    server = serve("logapp:app", "--log-config", tmp_path / "log.ini", probe=None)
    server.wait_stdout("^ini gunicorn.error Booting worker")
    server.get("/")
    server.wait_stdout('^ini gunicorn.access 127.0.0.1 .*"GET / HTTP/1.1" 200 5 ')
    assert "ini" not in server.stderr


def test_priorities(configured, tmp_path):
    """dict before json before ini."""
    (tmp_path / "log.ini").write_text(INI.format(prefix="ini"))
    generic = {"formatters": {"generic": {"format": "json %(message)s"}}}
    (tmp_path / "log.json").write_text(json.dumps(generic))
    texts = f"""
        logconfig = {str(tmp_path / "log.ini")!r}
        logconfig_json = {str(tmp_path / "log.json")!r}
    """
    server = configured(texts, probe=None)
    server.wait_stdout("^json Booting worker")
    server.stop()
    generic["formatters"]["generic"]["format"] = "dict %(message)s"
    server = configured(texts + f"    logconfig_dict = {generic}\n", probe=None)
    server.wait_stdout("^dict Booting worker")


@pytest.fixture
def run_once(tmp_path):
    """run_once(config) of a server that cannot start: (exit code, stderr)."""

    def run(text):
        path = tmp_path / "settings.py"
        path.write_text(text)
        (tmp_path / "once").mkdir()
        server = Server.start(tmp_path / "once", "logapp:app", "-c", path, probe=None)
        try:
            return server.wait_exit(), server.stderr
        finally:
            server.finish()

    return run


@pytest.mark.parametrize(
    "text, message",
    [
        ("errorlog = '/nowhere/x'", "Error: '/nowhere/x' isn't writable [FileNotFoundError(2, "),
        ("accesslog = '/nowhere/x'", "Error: '/nowhere/x' isn't writable [FileNotFoundError(2, "),
        ("logconfig = '/nowhere/x'", "Error: log config '/nowhere/x' not found"),
        ("logconfig_dict = {'handlers': {'x': {'class': 'no.X'}}}", "Unable to configure handler"),
        ("syslog = True\nsyslog_addr = 'carrier://pigeon'", "Error: invalid syslog address"),
        ("syslog = True\nsyslog_facility = 'pigeon'", "Error: unknown facility name"),
    ],
)
def test_what_cannot_work(run_once, text, message):
    code, stderr = run_once(text)
    assert code == 1
    assert message in stderr
    assert "Traceback" not in stderr


# Syslog and statsd.


def test_syslog_udp(configured, datagrams):
    receiver = datagrams()
    server = configured(f"""
        syslog = True
        syslog_addr = "udp://127.0.0.1:{receiver.port}"
        syslog_facility = "local3"
        proc_name = "shop:front"
        access_log_format = "%(m)s %(U)s"
    """)  # fmt: skip
    start = receiver.wait_for("Starting")
    assert re.fullmatch(r"<158>gunicorn\.shop\.front\.error: \[\d+\] Starting .*\0", start)
    server.get("/boom")
    assert receiver.wait_for("/boom$|/boom\0").startswith("<158>gunicorn.shop.front.access: [")
    failure = receiver.wait_for("Error handling")
    assert failure.startswith("<155>gunicorn.shop.front.error: [")
    assert "Traceback" in failure and failure.endswith("ValueError: boom\0")
    assert "ValueError: boom" in server.log  # the other destination goes on


def test_syslog_unix(configured, datagrams, tmp_path):
    receiver = datagrams(tmp_path / "syslog")
    server = configured(f"""
        syslog = True
        syslog_addr = "unix://{tmp_path}/syslog#dgram"
        syslog_prefix = "mine"
        disable_redirect_access_to_syslog = True
    """)  # fmt: skip
    assert receiver.wait_for("Starting").startswith("<14>gunicorn.mine.error: [")
    server.get("/")
    server.stop()
    receiver.wait_for("Shutting down: Master")
    assert not [text for text in receiver.seen if "GET /" in text]


def statsd_metrics(receiver):
    return {re.sub(r":[^|]*", "", text, count=1) for text in receiver.seen}


def test_statsd_udp(configured, datagrams):
    receiver = datagrams()
    server = configured(f"""
        statsd_host = "127.0.0.1:{receiver.port}"
        statsd_prefix = "shop"
        dogstatsd_tags = "a:b,c"
        enable_backlog_metric = True
        def post_fork(server, worker):
            worker.log.info("", extra={{"metric": "own", "value": 3, "mtype": "counter"}})
    """)  # fmt: skip
    assert receiver.wait_for("gunicorn.workers") == "shop.gunicorn.workers:1|g|#a:b,c"
    assert receiver.wait_for("backlog").endswith("|h|#a:b,c")
    server.get("/missing")
    assert receiver.wait_for(r"status\.404") == "shop.gunicorn.request.status.404:1|c|@1.0|#a:b,c"
    assert receiver.wait_for("requests") == "shop.gunicorn.requests:1|c|@1.0|#a:b,c"
    duration = receiver.wait_for("duration")
    assert re.fullmatch(r"shop\.gunicorn\.request\.duration:\d+\.\d+\|ms\|#a:b,c", duration)
    server.get("/boom")
    assert receiver.wait_for("log.exc") == "shop.gunicorn.log.exception:1|c|@1.0|#a:b,c"
    assert receiver.wait_for("own") == "shop.own:3|c|@1.0|#a:b,c"
    assert server.stdout == ""  # no access log was asked for


def test_statsd_unix(configured, datagrams, tmp_path):
    """The agent comes later, and goes: nobody waits and nobody minds."""
    path = tmp_path / "statsd"
    server = configured(f"statsd_host = 'unix://{path}'")
    assert server.get("/").status == 200
    receiver = datagrams(path)
    server.get("/")
    receiver.wait_for(r"^gunicorn\.request\.status\.200:1\|c\|@1\.0$")
    receiver.socket.close()
    assert server.get("/").status == 200
    path.unlink()
    another = datagrams(path)
    server.get("/")
    another.wait_for(r"^gunicorn\.requests:1\|c\|@1\.0$")
    assert "statsd" not in server.log


# Files.


def test_capture_output(serve, tmp_path):
    path = tmp_path / "error.log"
    args = ["--error-logfile", path, "--capture-output"]
    server = serve("logapp:app", *args, errorlog=path)
    server.get("/print")
    server.wait_log("^printed$")
    server.wait_log("^complained$")
    moved = tmp_path / "error.log.1"
    path.rename(moved)
    server.signal(signal.SIGUSR1)
    until(path.exists, "the log is there again")

    def arrives():
        server.get("/print")
        return "printed" in path.read_text() and "complained" in path.read_text()

    until(arrives, "output goes into the new file")
    assert server.stdout == server.stderr == ""


@pytest.mark.parametrize("app", ["logapp:app", "logapp:with_handler('gunicorn.access')"])
def test_reopened_files(serve, tmp_path, app):
    """Rotation, with the lines written by the server and by Python."""
    error, access = tmp_path / "error.log", tmp_path / "access.log"
    args = ["--error-logfile", error, "--access-logfile", access]
    server = serve(app, *args, errorlog=error)
    for path in (error, access):
        path.rename(path.with_suffix(".1"))
    server.signal(signal.SIGUSR1)

    def arrives():
        server.get("/boom")
        return all(path.exists() and "/boom" in path.read_text() for path in (error, access))

    until(arrives, "lines go into the new files")


def test_reopened_files_of_the_application(configured, tmp_path):
    """Every FileHandler of every logger, as under gunicorn."""
    path = tmp_path / "shop.log"
    server = configured(f"""
        logconfig_dict = {{
            "handlers": {{"shop": {{"class": "logging.FileHandler", "filename": {str(path)!r}}}}},
            "root": {{"level": "INFO", "handlers": ["shop"]}},
            "loggers": {{}},
        }}
    """)  # fmt: skip
    path.rename(tmp_path / "shop.log.1")
    server.signal(signal.SIGUSR1)

    def arrives():
        server.get("/log")
        return path.exists() and "sold" in path.read_text()

    until(arrives, "lines go into the new file")


# Reload.


def test_reload(configured, tmp_path):
    """New destinations and formats with the new workers."""
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    server = configured(f"accesslog = {str(old)!r}")
    server.get("/one")
    until(lambda: "/one" in old.read_text(), "a line in the first file")
    (tmp_path / "settings.py").write_text(
        f"accesslog = {str(new)!r}\naccess_log_format = 'new %(U)s'\nloglevel = 'debug'\n"
    )
    workers = server.workers()
    server.signal_and_wait(signal.SIGHUP)
    server.wait_workers(1, other_than=workers)
    server.get("/two")
    until(lambda: new.exists() and "new /two" in new.read_text(), "a line in the second file")
    assert "/two" not in old.read_text()
    server.wait_log(r"\[DEBUG\]")


def test_reload_with_a_bad_logconfig(configured, tmp_path):
    """The server goes on, and its log does."""
    server = configured("accesslog = '-'")
    (tmp_path / "settings.py").write_text("logconfig_dict = {'handlers': {'x': {'class': 'no.X'}}}")
    server.signal_and_wait(signal.SIGHUP)
    server.wait_log("The reload was given up, the server goes on as before: Unable to configure")
    server.get("/after")
    server.wait_stdout('"GET /after HTTP/1.1" 200')


@pytest.mark.parametrize(
    "text",
    [
        "capture_output = True\nerrorlog = '{0}/new.log'\naccesslog = '/no/such/file'",
        "logconfig_dict = {{'formatters': {{'generic': {{'format': 'NEW %(message)s'}}}}}}\n"
        "accesslog = '/no/such/file'",
        "logconfig_dict = {{'loggers': {{}}, 'root': {{'handlers': ['error_console']}}, "
        "'disable_existing_loggers': True}}\naccesslog = '/no/such/file'",
        "loglevel = 'critical'\naccesslog = '/no/such/file'",
    ],
)
def test_reload_that_is_refused_late(configured, tmp_path, text):
    """The log is set up anew, then a file cannot be opened: all of logging is as it was."""
    tell = f"""
        import logging, os
        def facts():
            loggers = [logging.getLogger(n) for n in (None, "gunicorn.error", "gunicorn.access")]
            return repr([(log.handlers, log.level, log.propagate, log.disabled) for log in loggers]
                        + [os.readlink("/proc/self/fd/%d" % n) for n in (1, 2)])
        def on_exit(server): open("{tmp_path}/end", "w").write(facts())
        def when_ready(server): open("{tmp_path}/begin", "w").write(facts())
    """
    server = configured(tell)
    (tmp_path / "settings.py").write_text(textwrap.dedent(tell) + text.format(tmp_path))
    server.signal_and_wait(signal.SIGHUP)
    server.wait_log(r"\[INFO\] Handling signal: hup")
    server.wait_log(r"^\S+ \S+ \S+ \[\d+\] \[ERROR\] The reload was given up, the server goes on")
    assert server.get("/").status == 200
    server.stop()
    assert (tmp_path / "end").read_text() == (tmp_path / "begin").read_text()
    assert "NEW" not in server.stderr


def test_reload_sends_metrics_elsewhere(configured, datagrams, tmp_path):
    old, new = datagrams(), datagrams()
    server = configured(f"statsd_host = '127.0.0.1:{old.port}'\nstatsd_prefix = 'old'")
    old.wait_for(r"^old\.gunicorn\.workers")
    (tmp_path / "settings.py").write_text(
        f"statsd_host = '127.0.0.1:{new.port}'\nstatsd_prefix = 'new'\ndogstatsd_tags = 'a:b'"
    )
    server.signal(signal.SIGHUP)
    assert new.wait_for(r"gunicorn\.workers").startswith("new.gunicorn.workers:")
    assert new.seen[-1].endswith("|#a:b")
