"""Counts requests with prometheus_client, in the files of PROMETHEUS_MULTIPROC_DIR."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

seen = Counter("requests_seen", "Requests to /count.")
busy = Gauge("busy", "Requests at work.", multiprocess_mode="livesum")
busy.set(0)


def app(environ, start_response):
    if environ["PATH_INFO"] == "/count":
        seen.inc()
        body = b"counted"
    else:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        body = generate_latest(registry)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
