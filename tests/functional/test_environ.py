"""What the application finds in its environ."""

import concurrent.futures
import contextlib
import hashlib

import pytest

from support.rawhttp import Client, request_bytes


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("wsgiapp:app", "-k", backend, "-w", "2")


def environ_of(server, target, method="GET", **parts):
    """The environ of a request; targets with a function of their own in the
    application do not show it."""
    with server.connect() as client:
        return client.request(method, target, **parts).json()


def test_the_whole_of_a_plain_request(server, backend):
    host, port = server.address
    with server.connect() as client:
        client_port = client.socket.getsockname()[1]
        environ = client.request("GET", "/a/b?x=1&y", host="example.org:81").json()
    software = environ.pop("SERVER_SOFTWARE")
    assert software.startswith(("ucorn/", "gunicorn/"))
    objects = {key for key, value in environ.items() if str(value).startswith("<")}
    assert objects >= {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"}
    assert {key: value for key, value in environ.items() if key not in objects} == {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "x=1&y",
        "RAW_URI": "/a/b?x=1&y",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": str(client_port),
        "HTTP_HOST": "example.org:81",
        "wsgi.version": [1, 0],
        "wsgi.url_scheme": "http",
        "wsgi.multithread": backend in ("gthread", "gevent", "eventlet"),
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


@pytest.mark.parametrize(
    "target, path, query",
    [
        ("/caf%E9", "/caf\u00e9", ""),
        ("/%E2%82%AC", "/\u00e2\u0082\u00ac", ""),
        ("/a%20b%2Fc", "/a b/c", ""),
        ("/%zz", "/%zz", ""),
        ("//two//slashes/", "//two//slashes/", ""),
        ("/a;p=1", "/a;p=1", ""),
        ("/a+b", "/a+b", ""),
        ("/a?", "/a", ""),
        ("/a?q=%E9+%20&r=a?b", "/a", "q=%E9+%20&r=a?b"),
        ("http://localhost/abs?x", "/abs", "x"),
    ],
)
def test_target(server, target, path, query):
    environ = environ_of(server, target)
    assert environ["PATH_INFO"] == path
    assert environ["QUERY_STRING"] == query
    assert environ["RAW_URI"] == target


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_method(server, method):
    assert environ_of(server, "/show", method)["REQUEST_METHOD"] == method


@pytest.mark.ucorn_only
def test_asterisk(server):
    assert environ_of(server, "*", "OPTIONS")["PATH_INFO"] == "*"


def test_fields(server):
    fields = [
        ("X-Plain", "value"),
        ("x-lower-CASE", "a"),
        ("X-Latin", "caf\u00e9"),
        ("X-Twice", "1"),
        ("X-twice", "2"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("X-Empty", ""),
    ]
    environ = environ_of(server, "/show", fields=fields)
    assert environ["HTTP_X_PLAIN"] == "value"
    assert environ["HTTP_X_LOWER_CASE"] == "a"
    assert environ["HTTP_X_LATIN"] == "caf\u00e9"
    assert environ["HTTP_X_TWICE"] == "1,2"
    assert environ["HTTP_COOKIE"].replace(" ", "") in ("a=1,b=2", "a=1;b=2")
    assert environ["HTTP_X_EMPTY"] == ""


@pytest.mark.ucorn_only
def test_blanks_round_a_value_are_dropped(server):
    environ = environ_of(server, "/show", fields=[("X-Blanks", " \t blanks round it \t ")])
    assert environ["HTTP_X_BLANKS"] == "blanks round it"


@pytest.mark.ucorn_only
def test_names_with_underscores_are_dropped(server):
    environ = environ_of(server, "/show", fields=[("X_Forwarded_For", "1.2.3.4"), ("X-A", "b")])
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_A"] == "b"


def test_content_fields_have_names_of_their_own(server):
    fields = [("Content-Type", "text/x-test")]
    environ = environ_of(server, "/show", "POST", fields=fields, body=b"12345")
    assert environ["CONTENT_TYPE"] == "text/x-test"
    assert environ["CONTENT_LENGTH"] == "5"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert "HTTP_CONTENT_LENGTH" not in environ


def test_no_body_no_content_fields(server):
    assert {"CONTENT_TYPE", "CONTENT_LENGTH"}.isdisjoint(environ_of(server, "/show"))


def test_protocol(server):
    environ = environ_of(server, "/show", version="HTTP/1.0", host=None)
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.0"
    assert "HTTP_HOST" not in environ


@pytest.mark.parametrize(
    "field",
    [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on"), ("X-Forwarded-Protocol", "ssl")],
)
def test_scheme_from_a_trusted_peer(server, field):
    assert environ_of(server, "/show", fields=[field])["wsgi.url_scheme"] == "https"


def test_scheme_from_another_peer(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--forwarded-allow-ips", "192.0.2.1")
    environ = environ_of(server, "/show", fields=[("X-Forwarded-Proto", "https")])
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["wsgi.multiprocess"] is False


def test_contradictory_schemes_are_refused(server):
    fields = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "off")]
    with server.connect() as client:
        assert client.request("GET", "/show", fields=fields).status == 400


def test_script_name_from_a_trusted_peer(server):
    environ = environ_of(server, "/mounted/below", fields=[("SCRIPT_NAME", "/mounted")])
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/mounted", "/below")
    assert environ["HTTP_SCRIPT_NAME"] == "/mounted"


def test_path_outside_of_script_name(serve, backend):
    server = serve("wsgiapp:app", "-k", backend)
    with server.connect() as client:
        fields = [("SCRIPT_NAME", "/mounted"), ("X-Behind", "no business of the log")]
        assert client.request("GET", "/elsewhere", fields=fields).status == 500
    server.wait_log(r"not below SCRIPT_NAME \(/mounted\)$")


def test_script_name_from_another_peer(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--forwarded-allow-ips", "192.0.2.1")
    environ = environ_of(server, "/mounted/below", fields=[("SCRIPT_NAME", "/mounted")])
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/mounted/below")
    assert "HTTP_SCRIPT_NAME" not in environ


def test_script_name_from_the_environment(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "-e", "SCRIPT_NAME=/mounted", probe="/mounted/")
    environ = environ_of(server, "/mounted/below%20it?q")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/mounted", "/below it")


def test_requests_on_one_connection_have_environs_of_their_own(server):
    with server.connect() as client:
        first = client.request("GET", "/show", fields=[("X-First", "1")])
        if first.get("Connection") == "close":
            pytest.skip("this server keeps no connection")
        second = client.request("GET", "/show").json()
    assert "HTTP_X_FIRST" in first.json()
    assert "HTTP_X_FIRST" not in second


def test_clients_that_take_turns(server):
    """What one request's environ has in common with the next one's is kept: not the client."""
    sources = ["127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.30"]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect(source=source)) for source in sources]
        if [client.request("GET", "/") for client in clients][0].get("Connection") == "close":
            pytest.skip("this server keeps no connection")
        for client, source in [*zip(clients, sources), *zip(clients[::-1], sources[::-1])]:
            environ = client.request("POST", "/show", body=source.encode()).json()
            assert environ["REMOTE_ADDR"] == source
            assert environ["REMOTE_PORT"] == str(client.socket.getsockname()[1])
            assert environ["CONTENT_LENGTH"] == str(len(source))


def test_clients_at_the_same_time(server):
    """On connections of their own, and new ones in between."""

    def ask(number):
        source, body = f"127.0.0.{number % 3 + 1}", f"{number}".encode() * 300
        for _ in range(5):
            with server.connect(source=source) as client:
                for _ in range(5):
                    shown = client.request("POST", "/show", body=body)
                    assert shown.json()["REMOTE_ADDR"] == source
                    assert shown.json()["CONTENT_LENGTH"] == str(len(body))
                    with server.connect(source=source) as other:
                        text = other.request("POST", "/checksum", body=body).text
                        assert text == hashlib.sha256(body).hexdigest()
                    if shown.get("Connection") == "close":  # for another worker's sake
                        break
        return source

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(16)))) == 3


@pytest.mark.ucorn_only
def test_whom_to_trust_is_asked_of_each_client(serve, backend):
    server = serve("wsgiapp:app", "-k", backend, "--forwarded-allow-ips", "127.0.0.2")
    fields = [("X-Forwarded-Proto", "https")]
    for last in (1, 2, 2, 3, 2, 1, 1):
        with server.connect(source=f"127.0.0.{last}") as client:
            environ = client.request("GET", "/show", fields=fields).json()
        assert environ["wsgi.url_scheme"] == ("https" if last == 2 else "http")


class TestUnixSocket:
    @pytest.fixture(scope="class")
    def unix(self, serve_for_module, backend, tmp_path_factory):
        path = tmp_path_factory.mktemp("unix") / "socket"
        return serve_for_module("wsgiapp:app", "-k", backend, "-w", "2", bind=[f"unix:{path}"])

    def test_peer_has_no_address(self, unix):
        environ = environ_of(unix, "/show")
        assert environ["REMOTE_ADDR"] == ""
        assert "REMOTE_PORT" not in environ

    @pytest.mark.parametrize(
        "host, name, port",
        [("example.org", "example.org", "80"), ("example.org:8081", "example.org", "8081")],
    )
    def test_server_is_what_host_says(self, unix, host, name, port):
        environ = environ_of(unix, "/show", host=host)
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (name, port)

    def test_server_without_host(self, unix):
        environ = environ_of(unix, "/show", host=None, version="HTTP/1.0")
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (str(unix.address), "")

    def test_peer_is_trusted(self, unix):
        environ = environ_of(unix, "/show", fields=[("X-Forwarded-Proto", "https")])
        assert environ["wsgi.url_scheme"] == "https"

    def test_bodies(self, unix):
        with Client(unix.address) as client:
            client.send(request_bytes("POST", "/echo", body=b"x" * 200_000))
            assert client.response("POST").json() == ["x" * 200_000, ""]
