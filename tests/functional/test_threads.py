"""What is particular to the worker class gthread."""

import contextlib
import itertools
import signal
import time

import pytest

from support.rawhttp import request_bytes
from support.server import run_to_end
from support.waiting import until

PARTIES = 4
POOL = ["-k", "gthread", "-w", "1", "--threads", str(PARTIES)]


@pytest.fixture
def start(serve):
    def one(*args, **options):
        return serve("threadapp:app", *POOL, *args, **options)

    return one


@contextlib.contextmanager
def asking(server, *targets):
    """Requests at the same time, on a connection each, whose answers are not waited for."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in targets]
        for client, target in zip(clients, targets):
            client.send(request_bytes("GET", target))
        yield clients


def runs(server, what):
    return int(server.get(f"/runs?what={what}").text)


@pytest.mark.parametrize("args", [["-k", "gthread"], ["-k", "sync"], [], ["-k", "thread"]])
def test_names(serve, args):
    server = serve("threadapp:app", "-w", "1", *args, "--threads", "4")
    server.wait_log(r"Using worker: gthread$" if args != ["-k", "thread"] else "Using worker: ")
    with asking(server, *["/meet"] * PARTIES) as clients:
        assert len({client.response().text for client in clients}) == PARTIES


def test_requests_meet_on_threads_of_their_own(start):
    server = start()
    with asking(server, *["/meet"] * PARTIES) as clients:
        names = sorted(client.response().text for client in clients)
    assert names == [f"ThreadPoolExecutor-0_{number}" for number in range(PARTIES)]


def test_what_a_thread_keeps(start):
    """threading.local and context variables last as long as the thread does."""
    server, counts = start(), {}
    with server.connect() as client:
        for _ in range(3 * PARTIES):
            name, *seen = client.request("GET", "/who").text.split()
            counts[name] = counts.get(name, 0) + 1
            assert seen == [str(counts[name])] * 2


def test_a_request_waits_for_a_thread_and_a_connection_does_not(start, tmp_path):
    server, go = start(), tmp_path / "go"
    with asking(server, *[f"/hold?file={go}"] * (PARTIES - 1)) as holders:
        until(lambda: runs(server, "hold") == PARTIES - 1, "they run")
        with asking(server, f"/hold?file={go}") as [last], server.connect() as newcomer:
            # Now that all threads are held, requests are read, and refused, nevertheless.
            newcomer.send(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")
            assert newcomer.response().status == 400
            with asking(server, *["/run"] * 3) as waiting:
                go.touch()
                assert [c.response().text for c in [*holders, last]] == ["held"] * PARTIES
                assert [client.response().text for client in waiting] == ["run"] * 3


@pytest.mark.ucorn_only
def test_who_leaves_while_its_request_waits(start, tmp_path):
    """RST means that nobody wants the answer; FIN alone does not."""
    server, go = start(), tmp_path / "go"
    with asking(server, *[f"/hold?file={go}"] * PARTIES) as holders, server.connect() as probe:
        with asking(server, *["/run"] * 6) as waiting:
            # Their requests have been read when this one, which came later, is refused.
            probe.send(b"GET / HTTP/1.1\r\nbad head\r\n\r\n")
            assert probe.response().status == 400
            for client in waiting[:3]:
                client.reset()
            time.sleep(0.05)  # after a wait so short nobody asks whether they are still there
            go.touch()
            assert [client.response().text for client in holders] == ["held"] * PARTIES
            assert [client.response().text for client in waiting[3:]] == ["run"] * 3
        # The fixture's own request was the first.
        assert runs(server, "run") <= 1 + 3


@pytest.mark.ucorn_only
def test_a_thread_that_hangs_costs_no_other_request(start, tmp_path):
    """Its client is cut, and the worker goes on until there is another one."""
    server, go = start("--request-timeout", "1", "--graceful-timeout", "1"), tmp_path / "go"
    (worker,) = server.wait_workers(1)
    with asking(server, "/sleep") as [hung]:
        assert hung.at_end()
        server.wait_log(r"\[ERROR\] Request timeout: GET /sleep from ip=127\.0\.0\.1 ")
        server.wait_log(rf"Worker \(pid:{worker}\) has a thread that did not end its request")
        server.wait_workers(1, other_than=[worker])
    assert server.get("/run").text == "run"
    assert "TIMEOUT" not in server.log


@pytest.mark.ucorn_only
@pytest.mark.parametrize("wait", ["read", "write"])
def test_a_client_that_is_cut_frees_its_thread(serve, wait):
    """The application learns of it where it waits for the client."""
    limits = ["--request-timeout", "1", "--stream-request-body", "--send-timeout", "60"]
    server = serve("healthapp:app", "-k", "gthread", "-w", "1", *limits)
    (worker,) = server.wait_workers(1)
    with server.connect(receive_buffer=4096) as client:
        client.send(request_bytes("POST", f"/wait_in_{wait}", [("Content-Length", "9")]))
        # By the only thread there is.
        assert server.get("/").status == 200
    assert server.wait_workers(1) == [worker]


@pytest.mark.ucorn_only
def test_python_that_cannot_run_is_found(serve):
    """The loop goes on without it, yet the worker gives no sign of life."""
    server = serve("healthapp:app", *POOL, "--timeout", "2")
    (worker,) = server.wait_workers(1)
    with asking(server, "/spin_in_c"):
        server.wait_log(rf"\[CRITICAL\] WORKER TIMEOUT \(pid:{worker}\)")
        server.wait_workers(1, other_than=[worker])
        server.wait_log(" in spin_in_c$")
    assert server.in_log("GET /spin_in_c$")


def test_python_that_is_busy_is_not_taken_for_that(start):
    server = start("--timeout", "2", "--graceful-timeout", "1")
    (worker,) = server.wait_workers(1)
    with asking(server, *["/spin"] * (PARTIES - 1)):
        for _ in range(30):
            assert server.get("/run").text == "run"
    assert server.wait_workers(1) == [worker]


@pytest.mark.parametrize("name, code", [("TERM", 0), ("INT", 0), ("QUIT", 0)])
def test_threads_that_do_not_end_do_not_hold_up_the_stop(start, name, code):
    server = start("--graceful-timeout", "1")
    with asking(server, "/sleep", "/spin"):
        until(lambda: runs(server, "sleep") == 1, "it sleeps")
        server.signal(getattr(signal, f"SIG{name}"))
        assert server.wait_exit() == code
    assert "was sent SIG" not in server.log


def test_what_runs_is_finished(start, tmp_path):
    server, go = start(), tmp_path / "go"
    with asking(server, *[f"/hold?file={go}"] * 2) as clients:
        until(lambda: runs(server, "hold") == 2, "they run")
        server.signal(signal.SIGTERM)
        server.wait_log("Handling signal: term")
        go.touch()
        assert [client.response().text for client in clients] == ["held"] * 2
    assert server.wait_exit() == 0


@pytest.mark.ucorn_only
def test_green_threads_are_refused(tmp_path):
    """What would run them never does."""
    (tmp_path / "conf.py").write_text(
        "import threading\n"
        "def post_fork(server, worker):\n"
        "    threading._start_new_thread = threading.Thread\n"
    )
    ended = run_to_end(*POOL, "-b", "127.0.0.1:0", "-c", tmp_path / "conf.py", "threadapp:app")
    assert ended.code == 3
    assert "Threads cannot be used: something has replaced Python's by greenlets" in ended.stderr


@pytest.mark.ucorn_only
@pytest.mark.parametrize("crowded", [True, False], ids=["crowded", "with-time"])
def test_a_crowded_worker_sends_its_clients_to_an_idle_one(serve, tmp_path, crowded):
    """Kept connections do not stay behind slow requests while another worker has time."""
    server = serve("threadapp:app", "-k", "gthread", "-w", "2", "--threads", "1" if crowded else "2")
    server.wait_workers(2)
    go = tmp_path / "go"
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(3)]
        pids = [client.request("GET", "/pid").text for client in clients]
        holder, other = [c for c, pid in zip(clients, pids) if pids.count(pid) > 1][:2]
        holder.send(request_bytes("GET", f"/hold?file={go}&begun={go}-begun"))
        until((tmp_path / "go-begun").exists, "its thread is held")
        other.send(request_bytes("GET", "/run"))
        time.sleep(0.05)  # after a wait so short it would stay
        go.touch()
        assert holder.response().text == "held"
        assert other.response().get("Connection") == ("close" if crowded else "keep-alive")


def test_many_requests_on_few_threads(start):
    server = start()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(40)]
        for _, client in itertools.product(range(10), clients):
            client.send(request_bytes("GET", "/who"))
        for _, client in itertools.product(range(10), clients):
            assert client.response().text.startswith("ThreadPoolExecutor-0_")


def test_the_end_of_the_boot_may_take_longer_than_timeout(start, tmp_path):
    """What a hook does before the worker serves is no silence."""
    config = tmp_path / "conf.py"
    config.write_text("import time\ndef post_worker_init(worker):\n    time.sleep(2.5)\n")
    server = start("-c", config, "--timeout", "2")
    assert server.get("/run").text == "run"
    assert "TIMEOUT" not in server.log


def test_threads_of_requests_are_waited_for(start, tmp_path):
    """Those that the application starts, as on any other class; the pool's own are not."""
    server, done = start(), tmp_path / "done"
    with server.connect() as client:
        assert client.request("GET", f"/leave_behind?file={done}").text == "left"
    server.stop()
    assert done.exists()
