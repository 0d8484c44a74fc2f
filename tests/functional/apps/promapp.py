"""An application with metrics, for prometheus_client's mode for several processes."""

import os

from prometheus_client import Counter, Gauge

REQUESTS = Counter("app_requests", "Requests", ["path"])
LIVE = Gauge("app_live_workers", "Workers", multiprocess_mode="livesum")
LIVE.set(1)


def app(environ, start_response):
    REQUESTS.labels(environ["PATH_INFO"]).inc()
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
