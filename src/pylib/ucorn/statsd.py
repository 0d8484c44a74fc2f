"""Metrics for statsd: a logger that counts what it logs.

A datagram for each metric, to a UDP address or a unix socket.  Sending never waits, and what
cannot be sent is lost without a word: metrics are not worth a request."""

import errno
import logging
import socket

from ucorn.glogging import Logger

METRIC_VAR = "metric"
VALUE_VAR = "value"
MTYPE_VAR = "mtype"
GAUGE_TYPE = "gauge"
COUNTER_TYPE = "counter"
HISTOGRAM_TYPE = "histogram"
TIMER_TYPE = "timer"

GONE = {errno.ECONNREFUSED, errno.ENOTCONN, errno.ENOENT, errno.ECONNRESET}


class Statsd(Logger):
    """A record with extra={"metric": name, "value": value, "mtype": type} is a metric; with an
    empty message it is nothing else."""

    statsd_host = None
    sock = None

    def __init__(self, cfg):
        self._aim(cfg)  # subclasses replace setup()
        super().__init__(cfg)

    def setup(self, cfg):
        self._aim(cfg)
        super().setup(cfg)

    def _aim(self, cfg):
        """What is sent where."""
        self.prefix = cfg.statsd_prefix
        if self.prefix.strip("."):
            self.prefix = self.prefix.rstrip(".") + "."
        self.dogstatsd_tags = cfg.dogstatsd_tags
        if self.statsd_host != cfg.statsd_host:
            self.statsd_host = cfg.statsd_host
            # The old one is not closed here: a reload that is given up goes back to it.
            self.sock = None
            self._connect()

    # The log.

    def critical(self, msg, *args, **kwargs):
        super().critical(msg, *args, **kwargs)
        self.increment("gunicorn.log.critical", 1)

    def error(self, msg, *args, **kwargs):
        super().error(msg, *args, **kwargs)
        self.increment("gunicorn.log.error", 1)

    def warning(self, msg, *args, **kwargs):
        super().warning(msg, *args, **kwargs)
        self.increment("gunicorn.log.warning", 1)

    def exception(self, msg, *args, **kwargs):
        super().exception(msg, *args, **kwargs)
        self.increment("gunicorn.log.exception", 1)

    def info(self, msg, *args, **kwargs):
        self.log(logging.INFO, msg, *args, **kwargs)

    def debug(self, msg, *args, **kwargs):
        self.log(logging.DEBUG, msg, *args, **kwargs)

    def log(self, lvl, msg, *args, **kwargs):
        try:
            self._send_extra(kwargs.get("extra") or {})
            if msg:
                super().log(lvl, msg, *args, **kwargs)
        except Exception:
            super().warning("Failed to log to statsd", exc_info=True)

    def _send_extra(self, extra):
        send = {
            GAUGE_TYPE: self.gauge,
            COUNTER_TYPE: self.increment,
            HISTOGRAM_TYPE: self.histogram,
            TIMER_TYPE: self.timer,
        }.get(extra.get(MTYPE_VAR))
        name, value = extra.get(METRIC_VAR), extra.get(VALUE_VAR)
        if send and name and value is not None:
            send(name, value)

    def access(self, resp, req, environ, request_time):
        """Counts the request, whether or not there is an access log."""
        super().access(resp, req, environ, request_time)
        status = resp.status
        if isinstance(status, bytes):
            status = status.decode()
        if isinstance(status, str):
            status = int(status.split(None, 1)[0])
        milliseconds = (request_time.days * 86400 + request_time.seconds) * 1000
        milliseconds += request_time.microseconds / 1000
        self.timer("gunicorn.request.duration", milliseconds)
        self.increment("gunicorn.requests", 1)
        self.increment("gunicorn.request.status.%d" % status, 1)

    # Metrics, for whoever wants to send some.

    def gauge(self, name, value):
        self._sock_send("%s%s:%s|g" % (self.prefix, name, value))

    def increment(self, name, value, sampling_rate=1.0):
        self._sock_send("%s%s:%s|c|@%s" % (self.prefix, name, value, sampling_rate))

    def decrement(self, name, value, sampling_rate=1.0):
        self._sock_send("%s%s:-%s|c|@%s" % (self.prefix, name, value, sampling_rate))

    def timer(self, name, value):
        self._sock_send("%s%s:%s|ms" % (self.prefix, name, value))

    def histogram(self, name, value):
        self._sock_send("%s%s:%s|h" % (self.prefix, name, value))

    # The socket.

    def _connect(self):
        """Leaves sock None when there is no way to the host."""
        try:
            if isinstance(self.statsd_host, str):
                self._connect_to(socket.AF_UNIX, self.statsd_host)
            else:
                self._connect_to(*self._resolve(*self.statsd_host))
        except OSError:
            self.sock = None

    def _connect_to(self, family, address):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        self.sock = sock

    @staticmethod
    def _resolve(host, port):
        """IPv4 first, which is where statsd listens by default."""
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                found = socket.getaddrinfo(host, int(port), family, socket.SOCK_DGRAM)
                return family, found[0][4]
            except socket.gaierror:
                pass
        raise OSError(errno.EHOSTUNREACH, "no address", host)

    def _sock_send(self, msg):
        data = msg.encode() if isinstance(msg, str) else msg
        if self.dogstatsd_tags:
            # As Datadog's agent wants tags behind a metric.
            data += b"|#" + self.dogstatsd_tags.encode()
        try:
            if self.sock is None and isinstance(self.statsd_host, str):
                self._connect()
            if self.sock is not None:
                self.sock.send(data)
        except OSError as error:
            if error.errno in GONE and isinstance(self.statsd_host, str):
                # The next one looks whether somebody else has the path now.
                self.sock.close()
                self.sock = None
