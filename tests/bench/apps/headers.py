"""Looks at what a framework looks at, of a request with a browser's fields."""

from hello import BODY, FIELDS


def is_as_sent(environ):
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ["PATH_INFO"] == "/articles/42"
        and environ["QUERY_STRING"] == "page=2&sort=new"
        and environ["HTTP_HOST"].startswith("127.0.0.1")
        and environ["HTTP_USER_AGENT"].startswith("Mozilla/")
        and "session=" in environ["HTTP_COOKIE"]
    )


def app(environ, start_response):
    start_response("200 OK" if is_as_sent(environ) else "500 Not As Sent", FIELDS)
    return [BODY]
