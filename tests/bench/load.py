"""What clients do: wrk, and clients that dribble beside it."""

import json
import socket
import subprocess
import tempfile
import threading

#: Answers with JSON when wrk has ended.
SCRIPT = """
wrk.method = {method}
{fields}
wrk.body = {body}
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {{"requests": %d, "us": %d, "p50_us": %d, "p99_us": %d, "connect": %d, "read": %d, ' ..
    '"write": %d, "status": %d, "timeout": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
"""

ERRORS = ("connect", "read", "write", "status", "timeout")

#: Seconds after which wrk gives up on an answer.
PATIENCE = 5

DRIBBLE_PAUSE = 0.5


def lua_text(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def script(workload):
    fields = "\n".join(
        f"wrk.headers[{lua_text(name)}] = {lua_text(value)}" for name, value in workload.fields
    )
    body = lua_text(workload.body.decode()) if workload.body else "nil"
    return SCRIPT.format(method=lua_text(workload.method), fields=fields, body=body)


class Result(dict):
    """What wrk has counted."""

    @property
    def errors(self):
        return {kind: self[kind] for kind in ERRORS if self[kind]}


def run_wrk(workload, port, target, seconds, cpu=None):
    """On that CPU, or on two threads wherever the system likes."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script(workload))
        file.flush()
        threads = 1 if cpu is not None else 2
        command = [
            "wrk", f"-t{threads}", f"-c{workload.connections}", f"-d{seconds}s",
            f"--timeout={PATIENCE}s", "-s", file.name, f"http://127.0.0.1:{port}{target}",
        ]  # fmt: skip
        if cpu is not None:
            command = ["taskset", "-c", str(cpu), *command]
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    for line in ended.stdout.splitlines():
        if line.startswith("RESULT "):
            return Result(json.loads(line.removeprefix("RESULT ")))
    raise RuntimeError(f"wrk: {ended.stdout[-300:].strip()}")


class Dribblers:
    """with Dribblers(port, count): so many clients send a byte of a field twice a second, and
    never come to its end."""

    def __init__(self, port, count):
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
        for client in self._sockets:
            client.sendall(b"GET / HTTP/1.1\r\nHost: slow\r\nX-Slow: ")
            client.setblocking(False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._dribble, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._stop.set()
        self._thread.join()
        for client in self._sockets:
            client.close()

    def _dribble(self):
        while not self._stop.wait(DRIBBLE_PAUSE):
            for client in self._sockets:
                try:
                    client.send(b"a")
                except OSError:
                    pass  # it is full, or the server has hung up: its right
