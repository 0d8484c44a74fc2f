"""An application that runs the Python code it is sent, and when it is imported the code in the
variable GUNICORN_CODE: to see the package gunicorn as code inside of the server sees it."""

import json
import os

exec(os.environ.get("GUNICORN_CODE", ""))


def app(environ, start_response):
    """Answers with what the code in the body has assigned to `answer`."""
    names = {"__name__": "sent", "environ": environ}
    exec(environ["wsgi.input"].read() or "answer = None", names)
    body = json.dumps(names["answer"], default=str).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]
