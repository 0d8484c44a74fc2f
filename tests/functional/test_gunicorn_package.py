"""`import gunicorn` inside the server: what is there, which one it is, and what can be patched."""

import re
import textwrap

import pytest

pytestmark = pytest.mark.ucorn_only

#: What configurations, loggers and applications import, by where from.
NAMES = {
    "gunicorn": "SERVER SERVER_SOFTWARE __version__ version_info",
    "gunicorn.app.base": "Application BaseApplication",
    "gunicorn.app.pasterapp": "serve",
    "gunicorn.app.wsgiapp": "WSGIApplication run",
    "gunicorn.arbiter": "Arbiter",
    "gunicorn.config": "Config KNOWN_SETTINGS Setting get_default_config_file make_settings",
    "gunicorn.debug": "spew unspew",
    "gunicorn.errors": "AppImportError ConfigError HaltServer",
    "gunicorn.glogging": "CONFIG_DEFAULTS Logger SafeAtoms logging parse_syslog_address",
    "gunicorn.http.body": "Body",
    "gunicorn.http.errors": "InvalidHeader LimitRequestLine NoMoreData ParseException",
    "gunicorn.http.message": "Request",
    "gunicorn.http.wsgi": "FileWrapper Response SERVER SERVER_SOFTWARE",
    "gunicorn.instrument.statsd": "Statsd",
    "gunicorn.pidfile": "Pidfile",
    "gunicorn.reloader": "reloader_engines",
    "gunicorn.sock": "create_sockets",
    "gunicorn.systemd": "listen_fds sd_notify",
    "gunicorn.util": "check_is_writable close getcwd http_date import_app load_class parse_address "
    "reraise set_owner_process to_bytestring unlink unquote_to_wsgi_str",
    "gunicorn.workers.base": "Worker",
    "gunicorn.workers.base_async": "AsyncWorker",
    "gunicorn.workers.gasgi": "ASGIWorker",
    "gunicorn.workers.gthread": "ThreadWorker",
    "gunicorn.workers.sync": "SyncWorker",
    "gunicorn.workers.workertmp": "WorkerTmp",
}


def ask(server, code):
    """What the code, which runs in the worker, assigns to answer."""
    with server.connect() as client:
        answer = client.request("POST", "/", body=textwrap.dedent(code).encode())
    assert answer.status == 200, server.log
    return answer.json()


@pytest.fixture(scope="module")
def server(serve_for_module):
    return serve_for_module("gunicornapp:app")


# Which one it is.


@pytest.mark.parametrize("module", NAMES)
def test_names(server, module):
    names = NAMES[module].split()
    code = f"""
        from {module} import {", ".join(names)}
        import sys
        answer = sys.modules["{module}"].__spec__.origin
        """
    assert ask(server, code) == "ucorn"


def test_without_an_installed_one(serve, tmp_path):
    """Hidden from Python in the way in which one that is broken would be: it comes first."""
    package = tmp_path / "gunicorn"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('not this one')")
    server = serve("gunicornapp:app", env={"PYTHONPATH": str(tmp_path)})
    code = "import gunicorn, gunicorn.util; answer = gunicorn.util.__name__"
    assert ask(server, code) == "gunicorn.util"


def test_nothing_of_it_is_a_file(server):
    code = """
        import gunicorn, gunicorn.util
        answer = [hasattr(m, "__file__") for m in (gunicorn, gunicorn.util)] + [gunicorn.__path__]
        """
    assert ask(server, code) == [False, False, []]


def test_modules_below_the_package_are_attributes(server):
    code = """
        import gunicorn
        answer = gunicorn.http.wsgi.Response.__name__, hasattr(gunicorn, "no_such_module")
        """
    assert ask(server, code) == ["Response", False]


def test_module_that_there_is_not(server):
    code = """
        try:
            import gunicorn.six
        except ModuleNotFoundError as error:
            answer = error.name
        """
    assert ask(server, code) == "gunicorn.six"


def test_traceback_shows_our_lines(server):
    code = """
        import inspect, traceback
        from gunicorn import util
        try:
            util.parse_address("h:x")
        except RuntimeError:
            answer = traceback.format_exc(), inspect.getsource(util.is_hoppish)
        """
    trace, source = ask(server, code)
    assert 'File "<ucorn>/gunicorn/util.py", line' in trace
    assert "raise RuntimeError(" in trace
    assert source.startswith("def is_hoppish(header):\n")


def test_version(server):
    code = "import gunicorn; answer = gunicorn.__version__, gunicorn.version_info"
    assert ask(server, code) == ["26.1.0", [26, 1, 0]]


def test_what_the_server_calls_itself(server):
    code = """
        import gunicorn, os, ucorn
        answer = [gunicorn.SERVER, gunicorn.SERVER_SOFTWARE, environ["SERVER_SOFTWARE"],
                  os.environ["SERVER_SOFTWARE"], ucorn.__version__]
        """
    name, *software, version = ask(server, code)
    assert name == server.get("/").get("Server") == "ucorn"
    assert software == ["gunicorn/26.1.0 ucorn/" + version] * 3
    assert f"Starting ucorn {version}\n" in server.log


# The installed one.


def test_installed_one(serve):
    server = serve("gunicornapp:app", "--use-installed-gunicorn")
    code = "import gunicorn; answer = gunicorn.__file__"
    assert ask(server, code).endswith("/gunicorn/__init__.py")
    assert server.get("/").get("Server") == "ucorn"


@pytest.mark.parametrize("variable", ["GUNICORN_CMD_ARGS", "UCORN_CMD_ARGS", None])
def test_installed_one_in_the_configuration(serve, tmp_path, variable):
    """The file imports what the command line says; what it says itself is true behind it."""
    config = tmp_path / "conf.py"
    config.write_text(
        "import os, gunicorn\nos.environ['SEEN'] = str(hasattr(gunicorn, '__file__'))\n"
        "use_installed_gunicorn = True\n"
    )
    env = {variable: "--use-installed-gunicorn"} if variable else {}
    server = serve("gunicornapp:app", "-c", config, env=env)
    code = "import gunicorn, os; answer = os.environ['SEEN'], hasattr(gunicorn, '__file__')"
    assert ask(server, code) == [str(variable is not None), True]


def test_installed_one_can_be_patched(serve):
    code = "import gunicorn; gunicorn.SERVER = 'hidden'"
    server = serve("gunicornapp:app", "--use-installed-gunicorn", env={"GUNICORN_CODE": code})
    assert server.get("/").get("Server") == "hidden"


def test_none_is_installed(serve, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.path[:] = [p for p in sys.path if '-packages' not in p]\n"
    )
    server = serve(
        "gunicornapp:app", "--use-installed-gunicorn", env={"PYTHONPATH": str(tmp_path)}, probe=None
    )
    assert server.wait_exit() == 1
    assert "use_installed_gunicorn: no gunicorn is installed" in server.stderr


# Patches.


@pytest.mark.parametrize(
    "code, expected",
    [
        ("import gunicorn; gunicorn.SERVER = 'Apache'", "Apache"),
        ("import gunicorn; gunicorn.SERVER = ''", ""),
        ("import gunicorn; gunicorn.SERVER = None", "None"),
        ("from gunicorn.http import wsgi; wsgi.SERVER = 'x y/1 (z)'", "x y/1 (z)"),
        ("import gunicorn; gunicorn.SERVER_SOFTWARE = 'only the environ'", "ucorn"),
    ],
)
def test_server_field(serve, code, expected):
    server = serve("gunicornapp:app", env={"GUNICORN_CODE": code})
    assert server.get("/").get("Server") == expected
    assert "has no effect" not in server.log


def test_server_field_of_a_preloaded_application(serve):
    code = "import gunicorn; gunicorn.SERVER = 'of the master'"
    server = serve("gunicornapp:app", "--preload", env={"GUNICORN_CODE": code})
    assert server.get("/").get("Server") == "of the master"


def test_server_field_from_the_configuration(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("import gunicorn\ngunicorn.SERVER = 'of the file'\n")
    server = serve("gunicornapp:app", "-c", config)
    assert server.get("/").get("Server") == "of the file"


def test_server_software(serve):
    code = "import gunicorn; gunicorn.SERVER_SOFTWARE = 'nothing special'"
    server = serve("gunicornapp:app", env={"GUNICORN_CODE": code})
    assert ask(server, "answer = environ['SERVER_SOFTWARE']") == "nothing special"


@pytest.mark.parametrize("value", ["a\r\nInjected: b", "\0", "a\x7f", "\u20ac"])
def test_bad_server_field(serve, value):
    """A worker does not start with it, so that nobody is sent something else."""
    code = f"import gunicorn; gunicorn.SERVER = {value!r}"
    server = serve("gunicornapp:app", env={"GUNICORN_CODE": code}, probe=None)
    assert server.wait_exit() == 3
    assert "gunicorn.SERVER" in server.stderr


RESPONSE_PATCHES = [
    """
    from gunicorn.http import wsgi
    class Response(wsgi.Response):
        def default_headers(self):
            return [line for line in super().default_headers() if not line.startswith("Server")]
    wsgi.Response = Response
    """,
    """
    from gunicorn.http.wsgi import Response
    wrapped = Response.default_headers
    def default_headers(self):
        return [*wrapped(self), "X-Frame-Options: DENY\\r\\n"]
    Response.default_headers = default_headers
    """,
]


@pytest.mark.parametrize("code", RESPONSE_PATCHES, ids=["subclass", "method"])
def test_patched_response_is_told_once(serve, code):
    server = serve("gunicornapp:app", "-w", "2", "--preload",
                   env={"GUNICORN_CODE": textwrap.dedent(code)})  # fmt: skip
    server.wait_workers(2)
    assert server.get("/").get("Server") == "ucorn"
    told = re.findall(r"\[WARNING\] gunicorn\.http\.wsgi was changed \(Response.*\), which", server.log)
    assert len(told) == 1


def test_what_is_stock(server):
    code = """
        from gunicorn.http import wsgi
        from gunicorn.workers.sync import SyncWorker
        from ucorn import patches

        class Mine(SyncWorker):
            pass

        answer = [patches.changed("gunicorn.http.wsgi"), patches.is_stock(SyncWorker),
                  patches.is_stock(Mine)]
        kept, SyncWorker.handle = SyncWorker.handle, None
        try:
            answer += [patches.is_stock(SyncWorker), patches.changed("gunicorn.workers.sync")]
        finally:
            SyncWorker.handle = kept
        answer.append(patches.is_stock(SyncWorker))
        """
    assert ask(server, code) == [[], True, False, False, ["SyncWorker.handle"], True]


# Recipes.


def test_flask_recipe(serve):
    """The widely copied one: the application logs where the server does."""
    code = """
        import logging
        import flask
        import gunicorn.glogging
        application = flask.Flask("recipe")
        log = logging.getLogger("gunicorn.error")
        application.logger.handlers = log.handlers
        application.logger.setLevel(log.level)
        assert isinstance(log.handlers[0], gunicorn.glogging.logging.StreamHandler)
        @application.route("/")
        def index():
            application.logger.info("from flask")
            return "done"
        """
    server = serve("gunicornapp:application", env={"GUNICORN_CODE": textwrap.dedent(code)})
    assert server.get("/").body == b"done"
    server.wait_log(r"\[\d+\] \[INFO\] from flask")


def test_subclass_of_logger(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text(
        textwrap.dedent(
            """
            import gunicorn.glogging

            accesslog = "-"

            class Quiet(gunicorn.glogging.Logger):
                def access(self, resp, req, environ, request_time):
                    if req.path != "/health":
                        super().access(resp, req, environ, request_time)

            logger_class = Quiet
            """
        )
    )
    server = serve("gunicornapp:app", "-c", config)
    assert server.get("/health").status == server.get("/seen").status == 200
    server.wait_stdout("GET /seen ")
    assert "/health" not in server.stdout


def test_what_hooks_are_given(serve, tmp_path):
    """isinstance() as configurations use it, to find out what they run on."""
    config = tmp_path / "conf.py"
    config.write_text(
        textwrap.dedent(
            """
            import os
            from gunicorn.app.wsgiapp import WSGIApplication
            from gunicorn.arbiter import Arbiter
            from gunicorn.http.message import Request
            from gunicorn.http.wsgi import Response
            from gunicorn.workers.base import Worker
            from gunicorn.workers.gthread import ThreadWorker
            from gunicorn.workers.sync import SyncWorker

            kinds = []

            def post_worker_init(worker):
                kinds.extend([isinstance(worker, SyncWorker), isinstance(worker, Worker),
                              isinstance(worker, ThreadWorker),
                              isinstance(worker.app, WSGIApplication)])

            def post_fork(server, worker):
                kinds.append(isinstance(server, Arbiter))

            def post_request(worker, req, environ, resp):
                kinds.extend([isinstance(req, Request), isinstance(resp, Response)])
                worker.log.info("kinds: %s", kinds)
            """
        )
    )
    server = serve("gunicornapp:app", "-c", config)
    server.wait_log(r"kinds: \[True, True, True, False, True, True, True\]")


def test_custom_application(server):
    code = """
        from gunicorn.app.base import BaseApplication

        class Standalone(BaseApplication):
            def load_config(self):
                for name, value in {"bind": "127.0.0.1:0", "workers": "3"}.items():
                    if name in self.cfg.settings and value is not None:
                        self.cfg.set(name, value)

            def load(self):
                return "an application"

        standalone = Standalone()
        answer = [standalone.cfg.workers, standalone.wsgi()]
        try:
            standalone.run()
        except RuntimeError as error:
            answer.append(str(error))
        """
    workers, loaded, refusal = ask(server, code)
    assert (workers, loaded) == (3, "an application")
    assert refusal.startswith("Standalone.run(): this version of ucorn cannot be started from")


def test_inner_workings_are_refused_by_name(server):
    code = """
        from gunicorn.workers.sync import SyncWorker
        try:
            SyncWorker.handle_request(None, None, None, None, None)
        except RuntimeError as error:
            answer = str(error)
        """
    refusal = ask(server, code)
    assert refusal.startswith("gunicorn.workers.sync.SyncWorker.handle_request: ")
    assert "use_installed_gunicorn" in refusal


def test_worker_class_for_ones_own_use(server):
    code = """
        import os, socket, sys
        from types import SimpleNamespace
        from gunicorn.config import Config
        from gunicorn.http.errors import InvalidHeader
        from gunicorn.workers.base import Worker

        lines = []
        log = SimpleNamespace(warning=lambda text, *args: lines.append(text % args))
        cfg = Config()
        worker = Worker(7, os.getppid(), [], None, 30, cfg, log)
        answer = [str(worker), worker.alive, worker.booted, worker.nr, worker.age,
                  worker.max_requests == sys.maxsize, len(Worker.SIGNALS)]
        before = worker.tmp.last_update()
        worker.notify()
        answer.append(worker.tmp.last_update() != before)
        cfg.set("max_requests", 5)
        cfg.set("max_requests_jitter", 2)
        answer.append(Worker(7, 1, [], None, 30, cfg, log).max_requests in (5, 6, 7))
        here, there = socket.socketpair()
        worker.handle_error(None, here, ("1.2.3.4", 5), InvalidHeader("x"))
        answer += [there.recv(1000).split(b"\\r\\n")[0].decode(), *lines]
        """
    assert ask(server, code) == [
        "<Worker [booting]>", True, False, 0, 7, True, 9, True, True, "HTTP/1.1 400 Bad Request",
        "Invalid request from ip=1.2.3.4: Invalid HTTP Header: 'x'",
    ]  # fmt: skip


def test_settings_as_classes(server):
    code = """
        from gunicorn import config

        class Mine(config.Setting):
            name = "mine"
            section = "Mine"
            cli = ["--mine"]
            validator = config.validate_pos_int
            default = 3

        settings = config.make_settings()
        args = config.Config(prog="p").parser().parse_args(["-w", "2", "--no-sendfile", "m:a"])
        answer = [config.AccessLogFormat.default, config.Bind.default, config.CACerts.name,
                  config.Bind.cli, settings["timeout"].get(), settings["mine"].get(),
                  Mine in config.KNOWN_SETTINGS, args.workers, args.sendfile, args.args]
        config.KNOWN_SETTINGS.remove(Mine)
        """
    assert ask(server, code) == [
        '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"', ["127.0.0.1:8000"],
        "ca_certs", ["-b", "--bind"], 30, 3, True, "2", False, ["m:a"],
    ]  # fmt: skip


@pytest.mark.parametrize("module", ["ggevent", "gtornado"])
def test_worker_classes_that_need_a_package(server, module):
    """Configurations ask for them and catch what they raise where the package is missing."""
    code = f"""
        try:
            import gunicorn.workers.{module} as module
            answer = module.__name__
        except RuntimeError as error:
            answer = str(error)
        """
    assert module in ask(server, code) or "worker" in ask(server, code)
