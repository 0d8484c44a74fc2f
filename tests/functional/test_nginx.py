"""Behind nginx, over TCP and over a unix socket, with upstream connections that
are kept."""

import concurrent.futures
import contextlib
from pathlib import Path

import django
import pytest

from support.nginx import Nginx
from support.rawhttp import Client
from support.waiting import until
from support.web import MIB, Web, sha256, some_bytes


@pytest.fixture(scope="module", params=["tcp", "unix"])
def upstream(request):
    return request.param


@pytest.fixture(scope="module")
def behind_nginx(serve_for_module, backend, upstream, tmp_path_factory):
    """behind_nginx(app, **options) gives an Nginx in front of a new server."""
    with contextlib.ExitStack() as stack:

        def start(app, buffering="on", static=None, **options):
            directory = tmp_path_factory.mktemp("nginx")
            bind = [f"unix:{directory}/application.sock"] if upstream == "unix" else None
            server = serve_for_module(app, "-k", backend, "-w", "2", bind=bind, **options)
            nginx = Nginx(directory / "nginx", server.address, buffering, static)
            stack.callback(nginx.stop)
            return nginx

        yield start


@pytest.fixture(scope="module")
def flask(behind_nginx):
    return behind_nginx("flaskapp:app", buffering="off")


@pytest.fixture
def web(flask):
    with Web(flask.url) as session:
        yield session


def test_pages(web):
    assert web.get("/").text == "hello"
    assert web.get("/users/7/x").json() == {"number": 7, "name": "x"}
    assert web.get("/fail").status_code == 500
    assert web.get("/no-content").status_code == 204
    assert web.head("/").headers["Content-Length"] == "5"


def test_the_proxys_headers_arrive(web, flask, upstream):
    answer = web.get("/whoami").json()
    assert answer["url"] == f"https://127.0.0.1:{flask.address[1]}/whoami"
    assert answer["forwarded"] == "127.0.0.1"
    assert (answer["remote"] or None) == (None if upstream == "unix" else "127.0.0.1")


def test_upload(web):
    data = some_bytes(5 * MIB)
    answer = web.post("/upload", files={"file": ("f", data)}, data={"comment": ""}).json()
    assert (answer["length"], answer["sha256"]) == (len(data), sha256(data))


def test_chunked_upload(web):
    data = some_bytes(300_000)
    answer = web.post("/raw", data=(data[i : i + 10_000] for i in range(0, len(data), 10_000)))
    assert answer.json() == {"length": len(data), "sha256": sha256(data)}


def test_streaming(web):
    assert web.get("/stream?count=5000").text.count("\n") == 5000


def test_streamed_piece_passes_at_once(flask, tmp_path):
    with Client(flask.address) as client:
        client.send(b"GET /latched?file=%s HTTP/1.1\r\nHost: x\r\n\r\n" % bytes(tmp_path / "go"))
        pieces = client.pieces(client.head())
        assert next(pieces) == b"first"
        (tmp_path / "go").touch()
        assert b"".join(pieces) == b"second"


def test_session(web):
    assert [web.get("/visits").json()["visits"] for _ in range(3)] == [1, 2, 3]


def test_many_requests(flask):
    """Eight clients at a time; none ever sees nginx's 502."""

    def visit(number):
        with Web(flask.url) as session:
            for n in range(50):
                if n % 5:
                    assert session.get(f"/query?n={n}").json() == {"n": [str(n)]}
                else:
                    assert session.post("/form", data={"n": n}).json() == {"n": str(n)}

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(8)))


@pytest.mark.keepalive
def test_upstream_connections_are_kept(web, upstream):
    if upstream == "unix":
        pytest.skip("a unix socket has no port that would tell connections apart")

    def few():
        return len({web.get("/whoami").json()["port"] for _ in range(100)}) <= 20

    # Not right after a request that has held up a worker, as an upload may.
    until(few, "a hundred requests use few connections")


def test_django(behind_nginx, django_site):
    static = Path(django.__file__).parent / "contrib/admin/static"
    nginx = behind_nginx("project.wsgi", static=static, **django_site)
    data = some_bytes(2 * MIB)
    with Web(nginx.url) as web:
        assert "Log in" in web.get("/admin/login/").text
        name = web.post("/upload", files={"file": ("via-nginx.bin", data)}).json()["name"]
        assert web.get(f"/download/{name}").content == data
        css = web.get("/static/admin/css/base.css")
        assert css.content == (static / "admin/css/base.css").read_bytes()
        assert css.headers["Cache-Control"] == "max-age=3600", "nginx itself serves it"
        assert web.get("/lines?count=2000").text.count("\n") == 2000


def test_nginx_saw_nothing_wrong(flask, web):
    """Last: nginx has logged no error about the upstream."""
    web.get("/")
    assert [line for line in flask.errors if "buffered to a temporary file" not in line] == []
