"""What examples/deploy offers, and what `cmake --install` puts where."""

import getpass
import grp
import os
import shutil

import pytest

from support import nginx
from support.deploy import DEPLOY, example, install, output_of, replaced
from support.server import BINARY, MODULE, free_port
from support.waiting import until

pytestmark = pytest.mark.ucorn_only

HELLO = DEPLOY.parent / "hello"

INSTALLED = {
    "usr/sbin/ucorn",
    *([f"usr/lib/ucorn/{MODULE.name}"] if MODULE else []),
    "usr/lib/systemd/system/ucorn@.service",
    "usr/lib/systemd/system/ucorn@.socket",
    "usr/share/man/man8/ucorn.8",
    "usr/share/doc/ucorn/LICENSE",
    "usr/share/doc/ucorn/README.md",
    "usr/share/doc/ucorn/docs/gunicorn.md",
    "usr/share/doc/ucorn/docs/http.md",
    "usr/share/doc/ucorn/docs/settings.md",
    "usr/share/doc/ucorn/docs/streaming.md",
    "usr/share/doc/ucorn/examples/deploy/Procfile",
    "usr/share/doc/ucorn/examples/deploy/README.md",
    "usr/share/doc/ucorn/examples/deploy/logrotate",
    "usr/share/doc/ucorn/examples/deploy/myapp.conf.py",
    "usr/share/doc/ucorn/examples/deploy/nginx.conf",
    "usr/share/doc/ucorn/examples/deploy/ucorn.service",
    "usr/share/doc/ucorn/examples/deploy/ucorn.socket",
    "usr/share/doc/ucorn/examples/events/README.md",
    "usr/share/doc/ucorn/examples/events/events.py",
    "usr/share/doc/ucorn/examples/hello/README.md",
    "usr/share/doc/ucorn/examples/hello/hello.py",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder into which the build under test is installed, as for a package."""
    root = tmp_path_factory.mktemp("root")
    install("/usr", destdir=root)
    return root


def verify_units(folder, units, binary):
    """Lets systemd judge units (name: text), of which the service starts binary,
    not /usr/sbin/ucorn.  A line that it would ignore is a warning, no failure."""
    for name, text in units.items():
        if name.endswith(".service"):
            text = replaced(text, {"ExecStart=/usr/sbin/ucorn ": f"ExecStart={binary} "})
        (folder / name).write_text(text)
    said = output_of(
        "systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
        *(folder / name for name in units),
    )  # fmt: skip
    assert [line for line in said.splitlines() if "ucorn" in line] == []


def test_what_is_installed_where(root):
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    assert files == INSTALLED
    assert output_of(root / "usr/sbin/ucorn", "--version") == output_of(BINARY, "--version")


def test_installed_units(root, tmp_path):
    units = {path.name: path.read_text() for path in root.glob("usr/lib/systemd/system/*")}
    assert not any("myapp" in text for text in units.values())
    assert "/etc/ucorn/%i.conf.py" in units["ucorn@.service"]
    verify_units(tmp_path, units, root / "usr/sbin/ucorn")


def test_one_command_enables_service_and_socket(root, tmp_path):
    shutil.copytree(root / "usr/lib/systemd", tmp_path / "usr/lib/systemd")
    output_of("systemctl", "--root", tmp_path, "enable", "ucorn@myapp")
    enabled = {path.name for path in tmp_path.glob("etc/systemd/system/*.wants/*")}
    assert enabled == {"ucorn@myapp.service", "ucorn@myapp.socket"}


def test_installed_service_starts_the_installed_program(tmp_path):
    install(tmp_path)
    service = (tmp_path / "lib/systemd/system/ucorn@.service").read_text()
    assert f"\nExecStart={tmp_path}/sbin/ucorn " in service


def test_units(tmp_path):
    names = ["ucorn.service", "ucorn.socket"]
    verify_units(tmp_path, {name: example(name, {}) for name in names}, BINARY)


def test_nginx_takes_its_configuration(tmp_path):
    config = tmp_path / "nginx.conf"
    config.write_text(nginx.configuration(tmp_path, "unix:/run/x.sock", free_port()))
    said = output_of(nginx.BINARY, "-t", "-q", "-e", tmp_path / "error.log", "-c", config)
    assert said == ""


@pytest.fixture
def deployed(serve, tmp_path):
    """A server with myapp.conf.py for the application in examples/hello."""
    config = tmp_path / "myapp.conf.py"
    config.write_text(
        example(
            config.name,
            {
                '"myapp:app"': '"hello:app"',
                "/srv/myapp": str(HELLO),
                "/var/log/ucorn/myapp/": f"{tmp_path}/logs/",
            },
        )
    )
    (tmp_path / "logs").mkdir()
    return serve(None, "--config", config, "--pid", tmp_path / "pid")


def test_logs_are_rotated(deployed, tmp_path):
    """By logrotate itself: new requests go into the new file."""
    log, rotated = tmp_path / "logs/access.log", tmp_path / "logs/access.log.1"
    config = tmp_path / "logrotate"
    config.write_text(
        example(
            config.name,
            {
                "/var/log/ucorn/myapp/*.log": f"{tmp_path}/logs/*.log",
                "su myapp myapp": f"su {getpass.getuser()} {grp.getgrgid(os.getegid()).gr_name}",
                "/run/ucorn/myapp/pid": str(tmp_path / "pid"),
                "runuser -u myapp -- ": "",
            },
        )
    )
    config.chmod(0o644)
    deployed.get("/before")
    until(lambda: "/before" in log.read_text(), "the access log has the request")
    said = output_of("/usr/sbin/logrotate", "-f", "-s", tmp_path / "s", config)
    assert said == ""
    assert "/before" in rotated.read_text()

    def reopened():
        deployed.get("/after")
        return "/after" in log.read_text()

    until(reopened, "the new access log has requests")


def test_procfile(serve, tmp_path):
    """As a platform runs it: by a shell, in the application's folder, told by the
    environment where to listen.  (The shell ignores what Server adds.)"""
    kind, command = (DEPLOY / "Procfile").read_text().strip().split(": ", 1)
    assert kind == "web"
    shutil.copy(HELLO / "hello.py", tmp_path / "myapp.py")
    port = free_port()
    environ = {
        "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "PORT": str(port), "WEB_CONCURRENCY": "2",
    }  # fmt: skip
    server = serve(
        None, bind=[f"127.0.0.1:{port}"], under=["sh", "-c", command], cwd=tmp_path, env=environ
    )
    answer = server.get("/you")
    assert (answer.status, answer.body) == (200, b"Hello, you!\n")
    assert f"Listening at: http://0.0.0.0:{port} " in server.log
    server.wait_workers(2)
    server.wait_stdout(r'"GET /you HTTP/1\.1" 200')


def seconds(text, before):
    """The number that stands behind before, which is there just once."""
    assert text.count(before) == 1
    return int(text.partition(before)[2].split()[0].rstrip("s;"))


def test_files_agree():
    """On paths, and on who has to be more patient than whom."""
    names = ["nginx.conf", "ucorn.service", "ucorn.socket", "myapp.conf.py", "logrotate"]
    proxy, service, socket, config, logrotate = (example(name, {}) for name in names)
    address = socket.partition("ListenStream=")[2].split()[0]
    assert f"server unix:{address};" in proxy
    assert f"--config /etc/ucorn/{names[3]} --pid /run/ucorn/myapp/pid\n" in service
    assert "RuntimeDirectory=ucorn/myapp\n" in service and "/run/ucorn/myapp/pid\n" in logrotate
    assert "LogsDirectory=ucorn/myapp\n" in service and "/var/log/ucorn/myapp/*.log" in logrotate
    upstream = proxy.partition("upstream myapp")[2].partition("}")[0]
    assert seconds(config, "keepalive = ") > seconds(upstream, "keepalive_timeout ")
    assert seconds(config, "\ntimeout = ") < seconds(proxy, "proxy_read_timeout ")
    assert seconds(config, "graceful_timeout = ") < seconds(service, "TimeoutStopSec=")
