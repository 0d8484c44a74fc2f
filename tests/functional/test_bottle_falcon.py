"""Two more frameworks: the usual things work."""

import pytest

from support.web import Web


@pytest.fixture(scope="module", params=["bottleapp", "falconapp"])
def framework(request):
    return request.param


@pytest.fixture(scope="module")
def server(serve_for_module, backend, framework):
    return serve_for_module(f"{framework}:app", "-k", backend, "-w", "2")


@pytest.fixture
def web(server):
    with Web(server.url("")) as session:
        yield session


def test_hello(web):
    assert web.get("/").text == "hello"


def test_parameters(web):
    assert web.get("/greet/world?word=good+morning").text == "good morning world"


def test_json(web):
    assert web.post("/sum", json={"numbers": [1, 2, 39]}).json() == {"sum": 42}


def test_bad_json(web):
    answer = web.post("/sum", data="{", headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 500)
    assert web.get("/").text == "hello"


def test_not_found(web):
    assert web.get("/nothing").status_code == 404


def test_head(web):
    answer = web.head("/")
    assert answer.content == b""
    assert web.get("/").text == "hello"


def test_form(web, framework):
    if framework != "bottleapp":
        pytest.skip("the Falcon application has no form")
    fields = {"name": "Zoë", "text": "a=b&c"}
    assert web.post("/form", data=fields).json() == fields
