from gunicorn.arbiter import Arbiter
from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response
from gunicorn.workers.base import Worker


def post_request(worker: Worker, req: Request, environ: dict, resp: Response) -> None:
    assert isinstance(worker, Worker)


def on_starting(server: Arbiter) -> None:
    pass
