import logging

from gunicorn import glogging


class Quiet(logging.Filter):
    def filter(self, record):
        return "/health" not in record.getMessage()


class CustomLogger(glogging.Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self.access_log.addFilter(Quiet())


logger_class = CustomLogger
