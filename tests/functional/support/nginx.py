"""nginx in front of a server, as an instance of its own: with the configuration
that examples/deploy offers, on loopback, every path in a directory of the test."""

import getpass
import os
import subprocess

from .deploy import example
from .rawhttp import Client
from .server import free_port
from .waiting import DEADLINE, until

BINARY = "/usr/sbin/nginx"

#: Where it would keep what it must not have in memory; compiled in otherwise.
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(directory, upstream, port, buffering="on", static=None):
    """examples/deploy/nginx.conf; what differs is what a test must not share
    with others, the scheme (clients of the tests speak no TLS), and buffering."""
    temporary = "".join(f"{name}_temp_path {directory}/{name};\n" for name in TEMPORARY)
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    return example(
        "nginx.conf",
        {
            "user www-data;": f"{user}\ndaemon off;",
            "pid /run/nginx.pid;": f"pid {directory}/pid;",
            "error_log /var/log/nginx/error.log warn;": f"error_log {directory}/error.log notice;",
            "access_log /var/log/nginx/access.log;": f"access_log {directory}/access.log;",
            "http {": f"http {{\n{temporary}",
            "server unix:/run/ucorn/myapp.sock;": f"server {upstream};",
            "listen 80;": f"listen 127.0.0.1:{port};",
            "listen [::]:80;": "",
            "alias /srv/myapp/static/;": f"alias {static or directory / 'static'}/;",
            "X-Forwarded-Proto $scheme;": "X-Forwarded-Proto https;",
            "proxy_buffering on;": f"proxy_buffering {buffering};",
            "proxy_request_buffering on;": f"proxy_request_buffering {buffering};",
        },
    )


class Nginx:
    """nginx as a reverse proxy to a server's address; static: the folder of /static/."""

    def __init__(self, directory, upstream, buffering="on", static=None):
        directory.mkdir()
        self.directory = directory
        self.address = ("127.0.0.1", free_port())
        if isinstance(upstream, tuple):
            upstream = "%s:%d" % upstream
        else:
            upstream = f"unix:{upstream}"
        config = directory / "nginx.conf"
        config.write_text(
            configuration(directory, upstream, self.address[1], buffering, static)
        )
        command = [BINARY, "-p", directory, "-e", directory / "error.log", "-c", config]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            until(self._listens, "nginx listens")
        except BaseException:
            self.stop()
            raise

    @property
    def url(self):
        return "http://%s:%d" % self.address

    @property
    def errors(self):
        """The lines of nginx's log that are worse than a notice."""
        lines = (self.directory / "error.log").read_text().splitlines()
        return [line for line in lines if "[notice]" not in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE)

    def _listens(self):
        assert self.process.poll() is None, "nginx left"
        try:
            Client(self.address).close()
        except ConnectionRefusedError:
            return False
        return True
