"""Applications that an ini file of PasteDeploy describes, a Pyramid site among them."""

import os
import re
import signal

import pytest

from support.server import run_to_end

pytestmark = pytest.mark.unsanitized

INI = """
[DEFAULT]
shop = corner

[app:main]
paste.app_factory = site_app:factory
greeting = hello

[app:other]
paste.app_factory = site_app:factory
greeting = other

[app:fails]
paste.app_factory = site_app:fails

[app:none]
paste.app_factory = site_app:none
"""

SITE = """
import json
def factory(global_conf, **local_conf):
    def app(environ, start_response):
        start_response("200 OK", [])
        others = {name: global_conf[name] for name in global_conf if name != "here"}
        return [json.dumps([local_conf, others]).encode()]
    return app
def fails(global_conf):
    raise ValueError("out of order")
def none(global_conf):
    return None
def on_starting(server):
    server.log.info("hook of the ini")
"""

PYRAMID_INI = """
[app:main]
use = egg:shop
greeting = hello

[loggers]
keys = root, shop, server

[handlers]
keys = file

[formatters]
keys = plain

[logger_root]
level = INFO
handlers = file

[logger_shop]
level = DEBUG
handlers =
qualname = shop

[logger_server]
level = INFO
handlers = file
qualname = gunicorn.error

[handler_file]
class = FileHandler
args = (r"%(here)s/shop.log",)
formatter = plain

[formatter_plain]
format = %(name)s says: %(message)s
"""

PYRAMID_SITE = """
import logging
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import FileResponse
log = logging.getLogger("shop")
def home(request):
    log.debug("home of %s", request.remote_addr)
    return {"greeting": request.registry.settings["greeting"], "name": request.matchdict["name"]}
def move(request):
    return HTTPFound(request.route_url("home", name="moved"))
def upload(request):
    return {"length": len(request.POST["file"].file.read())}
def main(global_config, **settings):
    with Configurator(settings=settings) as config:
        config.add_route("home", "/home/{name}")
        config.add_route("move", "/")
        config.add_route("upload", "/upload")
        config.add_view(home, route_name="home", renderer="json")
        config.add_view(move, route_name="move")
        config.add_view(upload, route_name="upload", renderer="json", request_method="POST")
        config.add_view(lambda request: FileResponse(__file__), name="source")
        return config.make_wsgi_app()
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site_app.py").write_text(SITE)
    (tmp_path / "prod.ini").write_text(INI)
    return tmp_path


@pytest.fixture
def own(site):
    """Writes a section about the server and gives what --print-config makes of it."""

    def write(*lines, args=(), use="egg:ucorn#main", **options):
        section = "\n".join(["[server:main]", f"use = {use}", *lines])
        (site / "prod.ini").write_text(f"{INI}\n{section}\n")
        ended = run_to_end("--print-config", "--paste", "prod.ini", *args, cwd=site, **options)
        settings = dict(re.findall(r"^(\w+) *= (.*)$", ended.stdout, re.M))
        return settings if ended.code == 0 else ended

    return write


# --- which application


@pytest.mark.parametrize("name, greeting", [("", "hello"), ("#other", "other")])
def test_application(serve, site, name, greeting):
    server = serve(
        None, "--paste", f"prod.ini{name}", "--paste-global", "a=1", "--paste-global", r"b\=c=2=3",
        cwd=site,
    )  # fmt: skip
    local, whole = server.get("/").json()
    assert local == {"greeting": greeting}
    file = str(site / "prod.ini")
    assert whole == {"a": "1", "b=c": "2=3", "shop": "corner", "__file__": file}
    checked = run_to_end("--paste", f"prod.ini{name}", "--check-config", cwd=site)
    assert checked.code == 0, checked.stderr


@pytest.mark.parametrize("spec", ["prod.ini#other", "config:prod.ini#other"])
def test_setting_in_a_file(serve, site, spec):
    """Then the application's name is what PasteDeploy is asked for."""
    (site / "gunicorn.conf.py").write_text("paste = 'prod.ini'\n")
    assert serve(spec, cwd=site).get("/").json()[0] == {"greeting": "other"}


@pytest.mark.ucorn_only
def test_setting_in_a_file_names_the_application(serve, site):
    (site / "gunicorn.conf.py").write_text("paste = 'prod.ini#other'\n")
    assert serve(None, cwd=site).get("/").json()[0] == {"greeting": "other"}


@pytest.mark.ucorn_only
def test_folder_with_a_colon(serve, site):
    folder = site / "a:b"
    folder.mkdir()
    (site / "prod.ini").rename(folder / "prod.ini")
    assert serve(None, "--paste", "a:b/prod.ini", cwd=site).get("/").json()[0]


# --- Pyramid


def test_pyramid(serve, site):
    (site / "shop.py").write_text(PYRAMID_SITE)
    (site / "prod.ini").write_text(PYRAMID_INI)
    about = site / "shop-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[paste.app_factory]\nmain = shop:main\n")
    server = serve(None, "--paste", "prod.ini", cwd=site, errorlog=site / "shop.log")
    assert server.get("/home/ann").json() == {"greeting": "hello", "name": "ann"}
    moved = server.get("/")
    assert (moved.status, moved.get("Location")) == (302, "http://localhost/home/moved")
    assert server.get("/source").body == PYRAMID_SITE.encode()
    with server.connect() as client:
        form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nabc\r\n--x--\r\n'
        kind = ("Content-Type", "multipart/form-data; boundary=x")
        sent = client.request("POST", "/upload", fields=[kind], body=form)
    assert sent.json() == {"length": 3}
    assert server.in_log("^gunicorn.error says: Listening at: ", "^shop says: home of 127.0.0.1$")


# --- [server:main]


def test_section_for_others_is_ignored(own):
    assert own("workers = 7", "port = 1", use="egg:gunicorn#main")["workers"] == "1"
    assert own("nonsense = 7", "x = %(y)s", use="egg:waitress#main")["workers"] == "1"


@pytest.mark.ucorn_only
def test_section_for_ucorn(own, site):
    settings = own(
        "workers = 3", "preload_app = true", "proc_name = %(shop)s %(a)s", "Timeout = 0x10",
        "on_starting = site_app.on_starting", "chdir = %(here)s",
        args=["--paste-global", "a=1"],
    )  # fmt: skip
    names = ("workers", "preload_app", "proc_name", "timeout", "on_starting", "chdir")
    expected = ["3", "True", "corner 1", "16", "<on_starting()>", str(site)]
    assert [settings[name] for name in names] == expected


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "lines, bind",
    [
        (["host = 127.0.0.1", "port = 81"], ["127.0.0.1:81"]),
        (["host = ::1", "port = 81"], ["[::1]:81"]),
        (["host = 127.0.0.1:82,localhost:83"], ["127.0.0.1:82", "localhost:83"]),
        (["bind = unix:%(here)s/s"], ["unix:{site}/s"]),
    ],
)
def test_addresses(own, site, lines, bind):
    assert own(*lines)["bind"] == str([text.format(site=site) for text in bind])


@pytest.mark.ucorn_only
def test_precedence(own, site):
    """A configuration file, the section, the environment, the command line."""
    for name in ("gunicorn.conf.py", "named.py"):
        (site / name).write_text(f"workers = 2\nthreads = 2\nproc_name = {name!r}\n")
    settings = own("workers = 3", "timeout = 3", "bind = :3", args=["-b", ":5"],
                   env={"GUNICORN_CMD_ARGS": "-t 4 -b :4"})  # fmt: skip
    names = ("threads", "workers", "timeout", "bind", "proc_name")
    expected = ["2", "3", "4", "[':5']", "gunicorn.conf.py"]
    assert [settings[name] for name in names] == expected
    assert own("config = %(here)s/named.py")["proc_name"] == "named.py"
    settings = own("config = /no/such.py", args=["-c", "named.py"])
    assert settings["proc_name"] == "named.py"


@pytest.mark.ucorn_only
def test_origin(own, site):
    own("workers = 3")
    explained = run_to_end("--explain-config", "--paste", "prod.ini", cwd=site).stdout
    assert re.search(r"^workers += 3  \[PasteDeploy file\]$", explained, re.M)
    assert re.search(r"^default_proc_name .*/prod.ini  \[default\]$", explained, re.M)


@pytest.mark.ucorn_only
@pytest.mark.parametrize(
    "line, reason",
    [
        ("workers = many", "Invalid value for workers: many: "),
        ("wrokers = 3", "No configuration setting for: wrokers"),
        ("port = 80", "has a port without a host"),
        ("proc_name = %(nothing)s", "Bad value substitution: "),
        ("on_starting = site_app.no_such", "Invalid value for on_starting: "),
        ("config = /no/such.py", "'/no/such.py' doesn't exist"),
    ],
)
def test_wrong_section(own, line, reason):
    ended = own(line)
    assert ended.code == 1
    (said,) = ended.stderr.strip().splitlines()
    assert said.startswith("Error: ") and reason in said


@pytest.mark.ucorn_only
def test_reload(serve, own, site):
    own("workers = 1")
    server = serve(None, "--paste", "prod.ini", cwd=site)
    own("workers = 2", "on_starting = site_app.on_starting")
    server.signal_and_wait(signal.SIGHUP)
    server.wait_workers(2)
    own("workers = none")
    os.kill(server.pid, signal.SIGHUP)
    server.wait_log("Invalid value for workers: none")
    assert server.get("/").status == 200


# --- errors


def ended_with(site, *args, **options):
    return run_to_end("-b", "unix:socket", *args, cwd=site, **options)


def test_missing_file(site):
    ended = ended_with(site, "--paste", "missing.ini#main")
    assert (ended.code, ended.stderr.strip()) == (1, f"Error: '{site}/missing.ini' not found")


@pytest.mark.ucorn_only
def test_file_that_is_no_ini(site):
    (site / "prod.ini").write_text("workers = 3\n")
    ended = ended_with(site, "--paste", "prod.ini")
    said = f"Error: Cannot read '{site}/prod.ini': File contains no section headers. "
    assert ended.code == 1
    assert ended.stderr.strip().startswith(said) and ended.stderr.strip().count("\n") == 0


def test_missing_section(site):
    ended = ended_with(site, "--paste", "prod.ini#missing")
    assert ended.code == 3
    assert "No section 'missing' (prefixed by 'app'" in ended.stderr


def test_factory_that_fails(site):
    ended = ended_with(site, "--paste", "prod.ini#fails")
    assert ended.code == 3
    assert re.search(r'File ".*site_app.py", line \d+, in fails\n', ended.stderr)
    assert "ValueError: out of order\n" in ended.stderr


@pytest.mark.ucorn_only
def test_the_files_own_faults_have_no_traceback(site):
    assert "Traceback" not in ended_with(site, "--paste", "prod.ini#missing").stderr
    ended = ended_with(site, "--paste", "prod.ini#none")
    assert ended.code == 4
    assert "Application object must be callable.\n" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.ucorn_only
def test_without_pastedeploy(site):
    code = "import sys\nsys.modules['paste.deploy'] = None\n"
    (site / "sitecustomize.py").write_text(code)
    ended = ended_with(site, "--paste", "prod.ini", env={"PYTHONPATH": str(site)})
    assert ended.code == 1
    assert "Error: --paste needs the package PasteDeploy: " in ended.stderr
