"""A Flask application behaves as it does elsewhere."""

import pytest

from support.rawhttp import Client
from support.web import MIB, Web, sha256, some_bytes


@pytest.fixture(scope="module")
def server(serve_for_module, backend):
    return serve_for_module("flaskapp:app", "-k", backend, "-w", "2")


@pytest.fixture
def web(server):
    with Web(server.url("")) as session:
        yield session


def test_routes(web):
    assert web.get("/").text == "hello"
    assert web.get("/users/7/J%C3%BCrgen%20O").json() == {"number": 7, "name": "Jürgen O"}
    assert web.get("/users/x/y").status_code == 404
    assert web.post("/users/7/x").status_code == 405


def test_query(web):
    answer = web.get("/query?a=1&b=x%26y&a=2&empty=&u=%E2%82%AC")
    assert answer.json() == {"a": ["1", "2"], "b": ["x&y"], "empty": [""], "u": ["€"]}


def test_form(web):
    fields = {"name": "Zoë", "text": "a=b&c\r\nd"}
    assert web.post("/form", data=fields).json() == fields


def test_json(web):
    value = {"list": [1, 2.5, None], "text": "naïve"}
    assert web.post("/json", json=value).json() == {"got": value}


def test_file_upload(web):
    data = some_bytes(MIB)
    answer = web.post("/upload", files={"file": ("big.bin", data)}, data={"comment": "1 MiB"})
    expected = {"name": "big.bin", "length": MIB, "sha256": sha256(data), "comment": "1 MiB"}
    assert answer.json() == expected


def test_chunked_upload(web):
    pieces = [some_bytes(size) for size in (1, 1000, 70000, 13)]
    answer = web.post("/raw", data=iter(pieces))
    data = b"".join(pieces)
    assert answer.json() == {"length": len(data), "sha256": sha256(data)}


def test_session_cookie(web):
    assert [web.get("/visits").json()["visits"] for _ in range(3)] == [1, 2, 3]
    web.cookies.clear()
    assert web.get("/visits").json() == {"visits": 1}


def test_streaming_response(web):
    answer = web.get("/stream?count=5000")
    assert answer.text.splitlines() == [f"line {n}" for n in range(5000)]
    assert "Content-Length" not in answer.headers


def test_piece_is_sent_before_the_next_is_made(server, tmp_path):
    with server.connect() as client:
        client.send(b"GET /latched?file=%s HTTP/1.1\r\nHost: x\r\n\r\n" % bytes(tmp_path / "go"))
        pieces = client.pieces(client.head())
        assert next(pieces) == b"first"
        (tmp_path / "go").touch()
        assert b"".join(pieces) == b"second"


def test_exception_gives_flasks_page_and_a_traceback(server, web):
    answer = web.get("/fail")
    assert answer.status_code == 500
    assert "Internal Server Error" in answer.text
    server.wait_log("RuntimeError: flask was asked to fail")
    assert web.get("/").text == "hello"


def test_abort(web):
    answer = web.get("/teapot")
    assert (answer.status_code, answer.reason) == (418, "I'M A TEAPOT")


def test_head(web):
    answer = web.head("/")
    assert (answer.status_code, answer.text, answer.headers["Content-Length"]) == (200, "", "5")


def test_redirect(web):
    answer = web.get("/moved")
    assert [step.status_code for step in answer.history] == [302]
    assert (answer.url, answer.text) == (web.base + "/", "hello")


def test_no_content(web):
    answer = web.get("/no-content")
    assert (answer.status_code, answer.content) == (204, b"")
    assert web.get("/").text == "hello"


def test_url_and_peer(server, web):
    answer = web.get("/whoami?x=1").json()
    assert answer["url"] == server.url("/whoami?x=1")
    assert answer["remote"] == "127.0.0.1"


COUNT = 48
SIZE = 128 * 1024


def read_in_turns(server, ids):
    """Opens one stream for each id and reads a piece from each in turn, so that
    none can get ahead of the others by more than the kernel buffers.  Returns
    what each stream brought."""
    clients = {name: Client(server.address, receive_buffer=16384) for name in ids}
    got = {name: bytearray() for name in ids}
    try:
        for name, client in clients.items():
            target = f"/interleaved?id={name}&count={COUNT}&size={SIZE}"
            client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        streams = {name: client.pieces(client.head()) for name, client in clients.items()}
        for turn in range(1, COUNT + 1):
            for name, stream in streams.items():
                while len(got[name]) < turn * SIZE:
                    got[name] += next(stream)
        for stream in streams.values():
            assert next(stream, None) is None, "a stream is longer than it should be"
    finally:
        for client in clients.values():
            client.close()
    return got


@pytest.mark.needs("beside-streams")
def test_interleaved_streams_keep_their_request(serve, backend):
    """Eight streams advance in turn in one worker, and each sees its own
    request at every step."""
    threads = ["--threads", "8"] if backend == "gthread" else []
    server = serve("flaskapp:app", "-k", backend, "-w", "1", *threads)
    ids = [f"stream-{n}" for n in range(8)]
    got = read_in_turns(server, ids)
    for name in ids:
        assert got[name] == name.encode().ljust(SIZE, b".") * COUNT, f"{name} got foreign bytes"

    order = server.get("/yields").json()
    assert len(order) == len(ids) * COUNT
    if backend in ("gevent", "eventlet"):
        return  # a piece that is taken at once is no reason to switch
    for name in ids:
        first, last = order.index(name), len(order) - 1 - order[::-1].index(name)
        beside = set(order[first:last])
        # Which threads run beside each other is the system's choice.
        assert len(beside) > 1 if backend == "gthread" else beside == set(ids), order


def test_forms_of_many_clients_do_not_mix(server):
    """Kept connections that take turns: each answer belongs to its request."""
    sessions = [Web(server.url("")) for _ in range(8)]
    for number in range(400):
        session = sessions[number % len(sessions)]
        assert session.post("/form", data={"n": number}).json() == {"n": str(number)}
    for session in sessions:
        session.close()
