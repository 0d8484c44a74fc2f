"""Requests, and formats in which servers log them."""

from support.rawhttp import chunked, request_bytes

#: What of a line differs from run to run is replaced: see UNSTABLE.
FORMATS = {
    "default": '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
    "parts": "%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(B)s|%(b)s|%(u)s",
    "widths": "%(h)-15s|%(b)-6s|%(b)6s|%(s)5s|%(m).2s|%(B)06d|%(B)x|%%",
    "fields": "%({host}i)s %({User-Agent}i)s %({x-many}i)s %({x-none}i)s %({X-Made}o)s"
              " %({content-length}o)s %({none}o)s",
    "environ": "%({raw_uri}e)s %({REQUEST_METHOD}e)s %({wsgi.url_scheme}e)s %({script_name}e)s"
               " %({server_protocol}e)s %({none}e)s %(none)s %()s",
    "oddities": "%(s)r %(B).1f %(s).1s %(b)+5s %(B)+d %(B)o %({none}i)8s %(none)r",
    "json": '{"r": "%(r)s", "s": %(s)s, "f": "%(f)s", "a": "%(a)s", "p": "%(p)s"}',
    "times": "%(T)s %(T)d seconds=%(L)s micros=%(D)s millis=%(M)s at=%(t)s",
}  # fmt: skip

UNSTABLE = [
    (r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d ([+-]\d{4})\]", r"[TIME \1]"),
    (r"<\d+>", "<PID>"),
    (r"seconds=0\.\d{6} micros=\d{1,6} millis=\d{1,3} ", "DURATIONS "),
]


def get(target, *fields, method="GET", **more):
    return request_bytes(method, target, fields=[*fields, ("Connection", "close")], **more)


#: To parityapp:app.
REQUESTS = {
    "plain": get("/"),
    "query": get("/?a=b&c=%20d"),
    "empty query": get("/?"),
    "escapes": get("/a%20b%2Fc%22d"),
    "escapes of UTF-8": get("/gr%C3%B6%C3%9Fe"),
    "escapes that are none": get("/100%zz"),
    "fragment": get("/x#part"),
    "parameters": get("/x;y=1?z"),
    "slashes": get("//two///three"),
    "absolute form": get("http://localhost/path?q=1"),
    "absolute form, other host": get("http://other:81/path?q=1"),
    "asterisk": get("*", method="OPTIONS"),
    "HEAD": get("/", method="HEAD"),
    "POST": get("/checksum", method="POST", body=b"x" * 100),
    "chunked": get("/checksum", ("Transfer-Encoding", "chunked"), method="POST")
               + chunked(b"abc", b"de"),
    "other method": get("/", method="PROPFIND"),
    "HTTP/1.0": get("/", version="HTTP/1.0"),
    "HTTP/1.0 without Host": get("/", version="HTTP/1.0", host=None),
    "agent with quotes": get("/", ("User-Agent", 'one "of" them \\ here')),
    "referer": get("/", ("Referer", "http://there/?x=\"y\"")),
    "bytes above ASCII": get("/", ("User-Agent", "gr\xf6\xdfe"), ("Referer", "\xe9")),
    "UTF-8": get("/", ("User-Agent", "größe".encode().decode("latin-1"))),
    "blanks": get("/", ("User-Agent", "  a  b\t")),
    "empty fields": get("/", ("User-Agent", ""), ("Referer", "")),
    "percent signs": get("/", ("User-Agent", "%(h)s %s %%")),
    "repeated field": get("/", ("X-Many", "one"), ("X-Many", "two")),
    "Basic user": get("/", ("Authorization", "Basic YW5uOnNlY3JldA==")),
    "Basic in small letters": get("/", ("Authorization", "basic YW5uOnNlY3JldA==")),
    "Basic without password": get("/", ("Authorization", "Basic YW5u")),
    "Basic with colons": get("/", ("Authorization", "Basic YTpiOmM=")),
    "Basic of UTF-8": get("/", ("Authorization", "Basic w6k6eA==")),
    "Basic that is none": get("/", ("Authorization", "Basic !!!")),
    "Basic without value": get("/", ("Authorization", "Basic")),
    "Bearer": get("/", ("Authorization", "Bearer abc")),
    "generator": get("/generator"),
    "list": get("/list"),
    "write": get("/write"),
    "empty body": get("/empty"),
    "created": get("/field?status=201%20Created&X-Made=a%22b"),
    "no content": get("/field?status=204%20No%20Content"),
    "not modified": get("/field?status=304%20Not%20Modified"),
    "own reason": get("/field?status=404%20Nothing%20%22here%22"),
    "replaced": get("/replaced"),
    "too long": get("/too-long"),
    "scheme of a proxy": get("/", ("X-Forwarded-Proto", "https")),
    "mounted": get("/app/x", ("SCRIPT_NAME", "/app")),
    "exception": get("/boom"),
    "exception after the head": get("/boom-late"),
    "not bytes": get("/not-bytes"),
    "unread body": get("/", method="POST", body=b"y" * 10),
    "file": get("/memory"),
}  # fmt: skip
