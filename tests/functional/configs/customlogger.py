"""A logger class that leaves out health checks, adds an atom, and counts what it has left out."""

import logging

from gunicorn import glogging


class NoHeartbeats(logging.Filter):
    def filter(self, record):
        return "heartbeat" not in record.getMessage()


class CustomLogger(glogging.Logger):
    left_out = 0

    def setup(self, cfg):
        super().setup(cfg)
        self.error_log.addFilter(NoHeartbeats())

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        atoms["tenant"] = environ.get("HTTP_X_TENANT", "nobody").upper()
        return atoms

    def access(self, resp, req, environ, request_time):
        if environ.get("PATH_INFO") == "/healthz":
            self.left_out += 1
            return
        assert request_time.total_seconds() < 60
        super().access(resp, req, environ, request_time)
        self.error_log.info("access(): %s %s, %d left out", req.method, resp.status, self.left_out)


logger_class = CustomLogger
accesslog = "-"
access_log_format = '%(tenant)s "%(r)s" %(s)s %(b)s'


def post_worker_init(worker):
    worker.log.info("heartbeat")
    worker.log.info("the logger is %s", type(worker.log).__name__)
