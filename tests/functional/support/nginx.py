"""nginx in front of a server, as an instance of its own:
loopback only, every path in a directory of the test."""

import getpass
import os
import subprocess

from .rawhttp import Client
from .server import free_port
from .waiting import DEADLINE, until

BINARY = "/usr/sbin/nginx"

CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log notice;
events {{ worker_connections 256; }}
http {{
    access_log {directory}/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 64m;
    upstream application {{
        server {upstream};
        keepalive 8;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://application;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_buffering {buffering};
            proxy_request_buffering {buffering};
        }}
    }}
}}
"""


class Nginx:
    """nginx as a reverse proxy to a server's address."""

    def __init__(self, directory, upstream, buffering="on"):
        directory.mkdir()
        self.directory = directory
        self.address = ("127.0.0.1", free_port())
        if isinstance(upstream, tuple):
            upstream = "%s:%d" % upstream
        else:
            upstream = f"unix:{upstream}"
        config = directory / "nginx.conf"
        config.write_text(
            CONFIG.format(
                user=f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
                directory=directory,
                upstream=upstream,
                port=self.address[1],
                buffering=buffering,
            )
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
