"""Listening sockets: forms of addresses, options, files, and addresses that are taken."""

import contextlib
import http.client
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.rawhttp import Client
from support.server import free_port
from support.waiting import until


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="needs IPv6")


def serves(address):
    with Client(address) as client:
        answer = client.request("GET", "/", fields=[("Connection", "close")])
    return answer.text == "hello"


def serves_by_name(host, port):
    """The same for any family."""
    connection = http.client.HTTPConnection(host, port)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().read() == b"hello"


# Forms of addresses; tests/unit/test_addr.c has those that would listen to the world.


@pytest.mark.parametrize(
    "bind, url",
    [
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}"),
        ("tcp://127.0.0.1:{port}", "http://127.0.0.1:{port}"),
        ("LocalHost:{port}", "http://127.0.0.1:{port}"),
        pytest.param("[::1]:{port}", "http://[::1]:{port}", marks=needs_ipv6),
        pytest.param("tcp://[::1]:{port}", "http://[::1]:{port}", marks=needs_ipv6),
    ],
)
def test_tcp(serve, bind, url):
    port = free_port()
    server = serve("wsgiapp:app", "-b", bind.format(port=port), bind=[], probe=None)
    server.wait_log(rf"Listening at: {re.escape(url.format(port=port))} \({server.pid}\)$")
    assert serves_by_name("::1" if "[" in url else "127.0.0.1", port)


@pytest.mark.parametrize("form", ["unix:{path}", "unix://{path}"])
def test_unix(serve, tmp_path, form):
    path = tmp_path / "Socket"
    server = serve("wsgiapp:app", "-b", form.format(path=path), bind=[], probe=None)
    server.wait_log(rf"Listening at: unix:{path} \({server.pid}\)$")
    assert serves(path)
    server.stop()
    assert not path.exists()


def test_unix_path_is_of_the_folder(serve, tmp_path):
    server = serve(
        "wsgiapp:app", "-b", "unix:rel", "--chdir", tmp_path, "--pythonpath",
        Path(__file__).parent / "apps", bind=[], probe=None,
    )  # fmt: skip
    server.wait_log(r"Listening at: unix:rel \(")
    assert serves(tmp_path / "rel")


@pytest.mark.parametrize(
    "bind, says",
    [
        ("::1", "'' is not a valid port number."),
        ("127.0.0.1:http", "'http' is not a valid port number."),
    ],
)
def test_what_is_no_address(serve, bind, says):
    server = serve("wsgiapp:app", "-b", bind, bind=[], probe=None)
    assert server.wait_exit() == 1
    assert says in server.stderr and "Listening at" not in server.log


@needs_ipv6
def test_ipv4_comes_to_sockets_of_ipv6(serve):
    """No IPV6_V6ONLY; and the client is called what the kernel calls it there."""
    port = free_port()
    bind = f"[::ffff:127.0.0.1]:{port}"
    server = serve("wsgiapp:app", "-b", bind, bind=[], probe=None)
    server.wait_log(rf"Listening at: http://\[::ffff:127\.0\.0\.1\]:{port} ")
    with Client(("127.0.0.1", port)) as client:
        environ = client.request("GET", "/environ", fields=[("Connection", "close")]).json()
    assert environ["REMOTE_ADDR"] == "::ffff:127.0.0.1"


# Options.


def listening(port):
    """The line of ss(8) for who listens there."""
    if not shutil.which("ss"):
        pytest.skip("needs ss")
    command = ["ss", "-Hltno", f"sport = :{port}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def backlog(server):
    return int(listening(server.address[1]).split()[2])


@pytest.mark.parametrize("args, expected", [([], 2048), (["--backlog", "7"], 7)])
def test_backlog(serve, args, expected):
    server = serve("wsgiapp:app", *args)
    most = int(Path("/proc/sys/net/core/somaxconn").read_text())
    assert backlog(server) == min(expected, most)


def test_backlog_of_an_open_socket_stays(serve, tmp_path):
    config = tmp_path / "conf.py"
    config.write_text("backlog = 7")
    server = serve("wsgiapp:app", "-c", config)
    before = server.wait_workers(1)
    config.write_text("backlog = 8")
    server.signal(signal.SIGHUP)
    server.wait_workers(1, other_than=before)
    assert backlog(server) == 7


def test_port_of_a_connection_that_lingers_can_be_had(serve):
    """SO_REUSEADDR: the server closed first, so its side is in TIME_WAIT."""
    server = serve("wsgiapp:app")
    assert server.get("/").text == "hello"
    server.stop()
    again = serve("wsgiapp:app", bind=["%s:%d" % server.address])
    assert again.get("/").text == "hello"
    assert "Connection in use" not in again.log


#: run() counts the sockets that a program finds open.
INHERITED = """
import subprocess, sys
CODE = '''
import os, socket
found = []
for fd in os.listdir("/proc/self/fd"):
    try:
        one = socket.socket(fileno=os.dup(int(fd)))
        found.append(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:
        pass
print(len(found), end="")
'''
def run():
    command = [sys.executable, "-c", CODE]
    return subprocess.run(command, close_fds=False, stdout=subprocess.PIPE).stdout

def app(environ, start_response):
    start_response("200 OK", [])
    return [run()]
"""


def test_programs_of_the_application_inherit_no_socket(serve, backend, tmp_path):
    """Neither those that listen nor that of the client."""
    (tmp_path / "runs.py").write_text(INHERITED)
    server = serve("runs:app", "-k", backend, cwd=tmp_path)
    assert server.get("/").text == "0"


@pytest.mark.ucorn_only
def test_programs_of_hooks_inherit_no_socket(serve, tmp_path):
    """gunicorn's are inheritable in the master."""
    config = tmp_path / "conf.py"
    config.write_text(
        INHERITED + "\ndef when_ready(server): server.log.info('inherited: %s', run().decode())\n"
    )
    server = serve("wsgiapp:app", "-c", config)
    server.wait_log("inherited: 0$")


# Descriptors from outside.


@pytest.fixture
def given(serve, tmp_path):
    """A server that was given a listening socket as descriptor 7."""

    def start(*binds, config="/dev/null"):
        port = free_port()
        code = (
            "import os, socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
            "os.dup2(s.fileno(), 7); os.execvp(sys.argv[2], sys.argv[2:])"
        )
        args = [word for bind in ("fd://7", *binds) for word in ("-b", bind)]
        under = [sys.executable, "-c", code, str(port)]
        server = serve("wsgiapp:app", "-c", config, *args, bind=[], probe=None, under=under)
        server.address = ("127.0.0.1", port)
        return server

    return start


def test_descriptor(given):
    server = given()
    server.wait_log(rf"Listening at: {server.url('')} ")
    assert serves(server.address)


@pytest.mark.ucorn_only
def test_descriptor_beside_others(given, tmp_path):
    """Under gunicorn the others are dropped without a word."""
    path = tmp_path / "sock"
    server = given(f"unix:{path}")
    server.wait_log(rf"Listening at: {server.url('')},unix:{path} ")
    assert serves(server.address) and serves(path)


#: Each worker's start logs what the master's sockets are told of deferring.
DEFERRING = """
import socket
def post_fork(server, worker):
    told = [one.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT)
            for one in server.LISTENERS if one.sock.family == socket.AF_INET]
    server.log.info("deferring: %s", told)
"""


@pytest.mark.ucorn_only
def test_defer_accept(serve, tmp_path):
    """A reload tells sockets that stay, too."""
    config = tmp_path / "conf.py"
    config.write_text(DEFERRING)
    server = serve("wsgiapp:app", "-b", f"unix:{tmp_path}/sock", "-c", config)
    server.wait_log(r"deferring: \[1\]$")
    config.write_text(DEFERRING + "defer_accept = False")
    server.signal(signal.SIGHUP)
    server.wait_log(r"deferring: \[0\]$")
    config.write_text(DEFERRING)
    server.signal(signal.SIGHUP)
    until(lambda: server.log.count("deferring: [1]") == 2, "it defers again")


@pytest.mark.ucorn_only
def test_sockets_of_others_are_not_deferred(given, tmp_path):
    """Who has made it knows best, and has it when this server has gone; the server's own
    beside it are not drained by a stop."""
    (tmp_path / "conf.py").write_text(DEFERRING)
    server = given(f"127.0.0.1:{free_port()}", config=tmp_path / "conf.py")
    server.wait_log(r"deferring: \[0, 0\]$")


# Addresses that are taken.


def test_taken_for_good(serve):
    """Five tries, a second apart."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        host, port = holder.getsockname()
        server = serve("wsgiapp:app", bind=[f"{host}:{port}"], probe=None)
        assert server.wait_exit() == 1
    assert server.log.count(f"[ERROR] Connection in use: ('{host}', {port})\n") == 5
    assert server.log.count("[ERROR] Retrying in 1 second.\n") == 5
    assert server.in_log(rf"\[ERROR\] Can't connect to \('{host}', {port}\)$")


def test_signals_do_not_shorten_the_patience(serve):
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as holder:
        server = serve("wsgiapp:app", bind=["%s:%d" % holder.getsockname()], probe=None)
        for tries in range(1, 5):
            until(lambda: server.log.count("Retrying") >= tries, "it waits")
            server.signal(signal.SIGUSR1)
        assert server.wait_exit() == 1
    assert time.monotonic() - begun >= 5  # of waiting: less would be too little on any machine


def test_taken_for_a_while(serve):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        server = serve("wsgiapp:app", bind=["%s:%d" % holder.getsockname()], probe=None)
        server.wait_log(r"Retrying in 1 second\.$")
    until(lambda: "Listening at" in server.log, "it has the port")
    assert server.get("/").text == "hello"


@pytest.mark.ucorn_only  # 20.1 tries five times
def test_what_no_time_will_mend(serve, tmp_path):
    server = serve("wsgiapp:app", bind=[f"unix:{tmp_path}/none/sock"], probe=None)
    assert server.wait_exit() == 1
    assert server.in_log(
        rf"\[ERROR\] cannot listen on {tmp_path}/none/sock: No such file or directory$",
        rf"\[ERROR\] Can't connect to {tmp_path}/none/sock$",
    )
    assert "Retrying" not in server.log


# Files of unix sockets.


@pytest.mark.ucorn_only
def test_file_of_a_successor_is_left_there(serve, tmp_path):
    """Whoever binds the same path later has it; gunicorn removes it when it stops."""
    path = tmp_path / "sock"
    first = serve("wsgiapp:app", bind=[f"unix:{path}"])
    second = serve("wsgiapp:app", bind=[f"unix:{path}"])
    first.stop()
    assert path.exists()
    assert second.get("/").text == "hello"
    second.stop()
    assert not path.exists()


@pytest.mark.ucorn_only
def test_reuse_port_removes_the_file(serve, tmp_path):
    path = tmp_path / "sock"
    server = serve("wsgiapp:app", "--reuse-port", bind=[f"unix:{path}"])
    server.stop()
    assert not path.exists()
