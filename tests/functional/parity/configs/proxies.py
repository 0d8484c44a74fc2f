# env: http_proxy=http://127.0.0.1:1
import os
import socket
import tempfile

bind = f"{socket.gethostbyname('localhost')}:8000"
pidfile = f"{tempfile.gettempdir()}/gunicorn.pid"
errorlog = os.path.join(tempfile.gettempdir(), "error.log")
