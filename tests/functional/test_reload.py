"""HUP with settings that workers cannot live with: what goes on serving, and with what."""

import contextlib
import os
import signal

import pytest

from support import processes
from support.rawhttp import Client
from support.server import free_port
from support.waiting import until

pytestmark = pytest.mark.ucorn_only

SAYS = """
import os
def app(environ, start_response):
    start_response("200 OK", [])
    return [os.environ.get("WHO", "nobody").encode()]
"""


class Site:
    """A server whose configuration names a module that may be broken."""

    def __init__(self, folder, serve):
        self.folder = folder
        self.config = folder / "conf.py"
        self.old, self.new = (("127.0.0.1", free_port()) for _ in range(2))
        self.write("good", SAYS)
        self.configure(self.old, "good:app", WHO="old")
        self.server = serve(None, "-c", self.config, bind=[], cwd=folder, probe=None)
        self.server.address = self.old
        first = self.server.wait_workers(2)
        self.server.signal(signal.SIGHUP)
        # The last of the first leaves when both of the second serve.
        self.server.wait_workers(2, other_than=first)
        assert self.ask(self.old) == "old"

    def write(self, module, source):
        (self.folder / f"{module}.py").write_text(source)

    def configure(self, address, app, *lines, **environ):
        env = [f"{name}={value}" for name, value in environ.items()]
        self.config.write_text(
            "\n".join(
                [
                    "workers = 2",
                    f"wsgi_app = '{app}'",
                    f"raw_env = {env}",
                    "bind = '%s:%d'" % address,
                    *lines,
                ]
            )
        )

    def ask(self, address):
        with Client(address) as client:
            return client.request("GET", "/", fields=[("Connection", "close")]).text


@pytest.fixture
def site(tmp_path, serve):
    return Site(tmp_path, serve)


def break_it(site, *lines):
    """A reload whose workers cannot boot; gives the old ones."""
    before = site.server.workers()
    site.configure(site.old, "missing:app", *lines, WHO="new")
    site.server.signal(signal.SIGHUP)
    site.server.wait_log(r"The new generation failed to boot; the previous workers keep serving")
    return before


def test_a_worker_that_dies_meanwhile_is_replaced_by_one_of_its_kind(site):
    before = break_it(site)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    site.server.wait_log(r"\[WARNING\] A worker from before the reload has gone; another one is")
    until(lambda: site.ask(site.old) == "old", "a worker with the old settings serves")
    site.write("missing", SAYS)
    until(lambda: site.ask(site.old) == "new", "the new settings work at last")
    site.server.wait_workers(2, other_than=before)


def test_all_of_the_former_settings_are_there_again(site):
    """Hooks, the logger and what cfg says, too."""
    site.configure(
        site.old, "good:app", "proc_name = 'former'",
        "def post_worker_init(worker): worker.log.info('hook of %s', worker.cfg.proc_name)",
        WHO="old",
    )  # fmt: skip
    before = site.server.workers()
    site.server.signal(signal.SIGHUP)
    before = site.server.wait_workers(2, other_than=before)
    break_it(site, "proc_name = 'broken'")
    count = site.server.log.count("hook of former")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: site.server.log.count("hook of former") > count, "the old hook is called")
    assert "hook of broken" not in site.server.log


def test_the_next_reload_begins_from_what_works(site):
    """One that is refused leaves the settings of the workers that serve."""
    before = break_it(site, "import os", "os.environ['WHO'] = 'left behind'")
    site.config.write_text("raise RuntimeError('no')")
    site.server.signal(signal.SIGHUP)
    site.server.wait_log("The reload was given up, the server goes on as before")
    os.kill(before[0], signal.SIGKILL)
    until(
        lambda: len(site.server.workers()) == 2 and set(site.server.workers()) - set(before),
        "it is replaced",
    )
    until(lambda: site.ask(site.old) == "old", "it serves with the old settings")
    assert site.ask(site.old) == "old"


def test_addresses_change_when_a_new_worker_serves(tmp_path, serve):
    """The old one is open until then, and the new one collects who is early."""
    config, path, port = tmp_path / "conf.py", tmp_path / "old.sock", free_port()
    config.write_text(f"bind = 'unix:{path}'")
    (tmp_path / "good.py").write_text(SAYS)
    server = serve(None, "-c", config, "good:app", bind=[], cwd=tmp_path, probe=None)
    server.address = path
    before = server.wait_workers(1)
    until(path.exists, "the socket")
    assert server.get("/").text == "nobody"
    (tmp_path / "good.py").write_text("1 / 0")
    config.write_text(f"bind = '127.0.0.1:{port}'")
    server.signal(signal.SIGHUP)
    server.wait_log("The new generation failed to boot")
    assert server.get("/").text == "nobody", "the old address goes on"
    with Client(("127.0.0.1", port)) as early:
        early.send(b"GET / HTTP/1.1\r\nHost: early\r\n\r\n")
        (tmp_path / "good.py").write_text(SAYS)
        server.wait_workers(1, other_than=before)
        assert early.response().text == "nobody"
    until(lambda: not path.exists(), "the old socket is removed")


def count_descriptors(server):
    """Of the master and of its workers; None while somebody comes or goes."""
    with contextlib.suppress(FileNotFoundError):
        pids = [server.pid, *server.workers()]
        names = [
            [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            for pid in pids
        ]
        if sum("stacks" in name for name in names[0]) == len(pids) - 1:
            return [len(of_one) for of_one in names]
    return None


def test_a_reload_leaves_no_descriptor(site):
    """Of log files, sockets and stacks; neither in the master nor in the workers."""
    shown = []
    for n in range(4):
        log = site.folder / f"log{n % 2}"
        lines = [f"errorlog = '{log}'", f"accesslog = '{site.folder}/access'"]
        site.configure(site.new if n % 2 else site.old, "good:app", *lines)
        before = site.server.workers()
        site.server.signal(signal.SIGHUP)
        site.server.wait_workers(2, other_than=before)
        shown.append(until(lambda: count_descriptors(site.server), "it has settled"))
    site.server.log_file = log
    assert shown[2:] == shown[:2]


@pytest.mark.parametrize("end", ["refused", "failing"])
def test_a_socket_by_another_name_is_the_same(tmp_path, serve, end):
    """Neither a reload that is refused nor one that fails takes its file away."""
    config, path = tmp_path / "conf.py", tmp_path / "s"
    (tmp_path / "good.py").write_text(SAYS)
    config.write_text("bind = 'unix:s'")
    server = serve(None, "-c", config, "good:app", bind=[], cwd=tmp_path, probe=None)
    server.address = path
    until(path.exists, "the socket")
    assert server.get("/").text == "nobody"
    inode = path.stat().st_ino
    (tmp_path / "link").symlink_to(tmp_path)
    second = ", '256.0.0.1:1'" if end == "refused" else ""
    config.write_text(f"bind = ['unix:{tmp_path}/link/./s'{second}]")
    if end == "failing":
        (tmp_path / "good.py").write_text("1 / 0")
    server.signal(signal.SIGHUP)
    server.wait_log("The reload was given up" if end == "refused" else "failed to boot")
    assert path.stat().st_ino == inode
    assert server.get("/").text == "nobody"
    config.write_text("bind = 'unix:s'")
    (tmp_path / "good.py").write_text(SAYS)
    before = server.workers()
    server.signal(signal.SIGHUP)
    server.wait_workers(1, other_than=before)
    assert server.get("/").text == "nobody"


def test_relief_has_all_sockets(tmp_path, serve):
    """Those that workers open by themselves, and those that they share."""
    (tmp_path / "good.py").write_text(SAYS)
    bind = [f"127.0.0.1:{free_port()}", f"unix:{tmp_path}/s"]
    server = serve("good:app", "--reuse-port", bind=bind, cwd=tmp_path)
    (old,) = server.wait_workers(1)
    (tmp_path / "good.py").write_text("import os, sys\nassert os.path.exists('go')\n" + SAYS)
    server.signal(signal.SIGHUP)
    server.wait_log("failed to boot")
    (tmp_path / "good.py").write_text(SAYS)
    os.kill(old, signal.SIGKILL)
    for address in (server.address, tmp_path / "s"):
        server.address = address
        assert server.wait_answer("/").text == "nobody"


MARKED = """
import builtins, weakref
class Mark: pass
mark = Mark()
marks = vars(builtins).setdefault("marks", [])
marks.append(weakref.ref(mark))
def on_reload(server):
    server.log.info("%d of %d are left", sum(m() is not None for m in marks), len(marks))
"""


def test_former_configurations_are_given_back(tmp_path, serve):
    config = tmp_path / "conf.py"
    config.write_text(MARKED)
    server = serve("wsgiapp:app", "-c", config)
    for n in range(2, 8):
        (before,) = server.wait_workers(1)
        server.signal(signal.SIGHUP)
        server.wait_workers(1, other_than=[before])
        # Until then the one before it is kept, too.
        until(lambda: processes.look(before) is None, "the master knows that its worker has left")
        server.wait_answer()
        left = server.wait_log(rf"(\d) of {n} are left$")[1]
        assert int(left) <= 3
