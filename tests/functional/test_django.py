"""A Django site: admin, sessions and CSRF, static files, upload and download."""

import re

import pytest

from support.django import PASSWORD, USER
from support.server import run_to_end
from support.web import MIB, Web, sha256, some_bytes

pytestmark = [pytest.mark.unsanitized, pytest.mark.threads]


@pytest.fixture(scope="module")
def server(serve_for_module, backend, django_site):
    return serve_for_module("project.wsgi", "-k", backend, "-w", "2", **django_site)


WINTER = "DJANGO_SETTINGS_MODULE=project.winter"


@pytest.mark.parametrize(
    "args, app",
    [
        (["-e", WINTER], "project.wsgi:application"),
        ([f"--env={WINTER}"], "project.wsgi"),
        (["-c", "{raw_env}"], "project.wsgi"),
        (["-c", "{raw_env}", "--preload"], None),
    ],
)
def test_settings_module(serve, django_site, tmp_path, args, app):
    file = tmp_path / "conf.py"
    file.write_text(f"raw_env = [{WINTER!r}]\nwsgi_app = 'project.wsgi'\n")
    server = serve(app, *(arg.format(raw_env=file) for arg in args), **django_site)
    assert server.get("/").text == "winter"


def test_settings_module_that_is_missing(django_site):
    args = ["-b", "127.0.0.1:0", "-e", "DJANGO_SETTINGS_MODULE=project.autumn", "project.wsgi"]
    ended = run_to_end(*args, **django_site)
    assert ended.code == 3
    assert "ModuleNotFoundError: No module named 'project.autumn'\n" in ended.stderr


@pytest.fixture
def web(server):
    with Web(server.url("")) as session:
        yield session


def csrf_token(page):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]


def log_in(web, password=PASSWORD):
    page = web.get("/admin/login/?next=/admin/")
    fields = {"username": USER, "password": password, "csrfmiddlewaretoken": csrf_token(page)}
    return web.post("/admin/login/?next=/admin/", data=fields)


def test_view(web):
    assert web.get("/").text == "hello"
    assert web.get("/nothing").status_code == 404


def test_admin_needs_a_login(web):
    answer = web.get("/admin/")
    assert answer.url == web.base + "/admin/login/?next=/admin/"


def test_admin_login(web):
    answer = log_in(web)
    assert [step.status_code for step in answer.history] == [302]
    assert answer.url == web.base + "/admin/"
    assert "Site administration" in answer.text
    assert USER in web.get("/admin/auth/user/").text


def test_admin_refuses_a_wrong_password(web):
    answer = log_in(web, "wrong")
    assert answer.status_code == 200
    assert "Please enter the correct username" in answer.text


def test_admin_refuses_a_post_without_csrf_token(web):
    answer = web.post("/admin/login/", data={"username": USER, "password": PASSWORD})
    assert answer.status_code == 403


def test_admin_adds_a_user(web, backend):
    log_in(web)
    page = web.get("/admin/auth/user/add/")
    name = f"new-{backend}"
    fields = {
        "username": name,
        "password1": PASSWORD,
        "password2": PASSWORD,
        "csrfmiddlewaretoken": csrf_token(page),
    }
    answer = web.post("/admin/auth/user/add/", data=fields)
    assert "was added successfully" in answer.text
    assert name in web.get("/admin/auth/user/").text


def test_static_file(web):
    answer = web.get("/static/admin/css/base.css")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/css")
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 1000
    headers = {"If-Modified-Since": answer.headers["Last-Modified"]}
    again = web.get("/static/admin/css/base.css", headers=headers)
    assert (again.status_code, again.content) == (304, b"")


def test_upload_and_download(web):
    data = some_bytes(3 * MIB + 17)
    uploaded = web.post("/upload", files={"file": ("data.bin", data)}).json()
    assert (uploaded["length"], uploaded["sha256"]) == (len(data), sha256(data))
    answer = web.get(f"/download/{uploaded['name']}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{uploaded["name"]}"'
    assert int(answer.headers["Content-Length"]) == len(data)
    assert answer.content == data


def test_head_of_a_download(web):
    name = web.post("/upload", files={"file": ("small.txt", b"small")}).json()["name"]
    answer = web.head(f"/download/{name}")
    assert (answer.headers["Content-Length"], answer.content) == ("5", b"")
    assert web.get(f"/download/{name}").content == b"small"


def test_streaming_response(web):
    answer = web.get("/lines?count=3000")
    assert answer.text.splitlines() == [f"line {n}" for n in range(3000)]
