"""gunicorn.util and its neighbours inside the server do what the installed gunicorn's do."""

import json

import pytest

from test_gunicorn_package import ask

pytestmark = pytest.mark.ucorn_only

#: Expressions of which both packages have to make the same: a value, or an exception's text.
SAME = """
util.parse_address("127.0.0.1:80")
util.parse_address("Host")
util.parse_address(":81")
util.parse_address("")
util.parse_address("[::1]:82")
util.parse_address("[::1]")
util.parse_address("::1")
util.parse_address("a:b")
util.parse_address("unix:/tmp/x")
util.parse_address("unix:///tmp/x")
util.parse_address("unix:x")
util.parse_address("fd://7")
util.parse_address("fd://x")
util.parse_address("tcp://h:1", default_port="5")
util.is_ipv6("::1")
util.is_ipv6("1.2.3.4")
util.http_date(784111777)
util.http_date(0.9)
util.is_hoppish(" Keep-Alive")
util.is_hoppish("Content-Type")
util.to_bytestring("\\u20ac")
util.to_bytestring(b"x")
util.to_bytestring(3)
util.to_bytestring("\\xe9", "latin-1")
util.bytes_to_str(b"\\xe9")
util.unquote_to_wsgi_str("/%E2%82%AC%zz+")
util.split_request_uri("//a/b?c#d")
util.split_request_uri("/a;b?c=d&e#f")
util.split_request_uri("http://h:1/p?q")
util.has_fileno(io.BytesIO())
util.has_fileno(3)
util.has_fileno(open(os.devnull))
util.unlink("/no/such/folder/x")
util.unlink("/dev/null/x")
util.get_username(0)
util.import_app("json:dumps").__name__
util.import_app("json:no_such")
util.import_app("json:dumps.x")
util.import_app("json:dumps(")
util.import_app("json:a.b()")
util.import_app("json:dumps(x)")
util.import_app("json:dumps()")
util.import_app("json:__doc__")
util.import_app("no_such_module")
util.load_class(dict)
util.load_class("collections.OrderedDict")
util.load_class("sync").__name__
util.load_class("gthread").__name__
util.load_class("#sync").__name__
util.load_class("gunicorn.workers.sync.SyncWorker").__name__
util.make_fail_app("m")({}, lambda status, fields: None)
util.reraise(KeyError, None)
util.reraise(ValueError, ValueError("v"))
str(errors.HaltServer("why", 3))
issubclass(errors.HaltServer, Exception)
str(http_errors.InvalidHeader("h"))
http_errors.InvalidHeader("h", req=1).req
str(http_errors.LimitRequestLine(5, 3))
str(http_errors.LimitRequestHeaders("m"))
str(http_errors.NoMoreData(b"x"))
str(http_errors.NoMoreData())
str(http_errors.ChunkMissingTerminator(b"x"))
str(http_errors.InvalidChunkSize(b"x"))
str(http_errors.ForbiddenProxyRequest("h"))
http_errors.ForbiddenProxyRequest("h").code
isinstance(http_errors.InvalidChunkSize(b"x"), OSError)
str(http_errors.InvalidSchemeHeaders())
pidfile.Pidfile("/no/such/folder/pid").create(1)
pidfile.Pidfile("/dev/null").validate()
systemd.listen_fds()
""".strip().splitlines()

PREPARE = """
import io, os
from gunicorn import errors, pidfile, systemd, util
from gunicorn.http import errors as http_errors

def outcome(expression):
    try:
        return repr(eval(expression, globals()))
    except Exception as error:
        return "%s: %s" % (type(error).__name__, error)
"""


@pytest.fixture(scope="module")
def ours(serve_for_module):
    """What the package inside of the server makes of all expressions."""
    server = serve_for_module("gunicornapp:app")
    code = f"{PREPARE}\nanswer = [outcome(e) for e in {json.dumps(SAME)}]"
    return dict(zip(SAME, ask(server, code)))


@pytest.mark.parametrize("expression", SAME)
def test_same(ours, expression):
    util = pytest.importorskip("gunicorn.util")
    assert util.__file__, "the tests themselves run with the installed one"
    names = {}
    exec(PREPARE, names)
    assert ours[expression] == names["outcome"](expression)
