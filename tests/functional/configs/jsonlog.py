"""Both logs as JSON, by formatters of the configuration: the one for access lines takes them
apart again, from the atoms in record.args."""

import json
import logging
from datetime import datetime


class JsonFormatter(logging.Formatter):
    def fields(self, record):
        return {"message": record.getMessage(), "level": record.levelname}

    def format(self, record):
        line = {"time": datetime.fromtimestamp(record.created).isoformat(), "logger": record.name}
        line.update(self.fields(record))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class AccessFormatter(JsonFormatter):
    def fields(self, record):
        atoms = record.args
        url = atoms["U"]
        if atoms["q"]:
            url += f"?{atoms['q']}"
        return {
            "at": datetime.strptime(atoms["t"], "[%d/%b/%Y:%H:%M:%S %z]").isoformat(),
            "remote_ip": atoms["h"],
            "method": atoms["m"],
            "path": url,
            "status": str(atoms["s"]),
            "bytes": atoms["B"],
            "took_ms": atoms["M"],
            "user_agent": atoms["a"],
            "referer": atoms["f"],
            "pid": atoms["p"],
            "request_id": atoms["{x-request-id}i"],
            "type": atoms["{content-type}o"],
        }


accesslog = "-"
errorlog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "__config__.JsonFormatter"},
        "access": {"()": AccessFormatter},
    },
    "handlers": {
        "errors": {"class": "logging.StreamHandler", "formatter": "json"},
        "access": {
            "class": "logging.StreamHandler", "formatter": "access", "stream": "ext://sys.stdout",
        },
    },
    "root": {"level": "INFO", "handlers": []},
    "loggers": {
        "gunicorn.error": {
            "level": "INFO", "handlers": ["errors"], "propagate": False,
            "qualname": "gunicorn.error",
        },
        "gunicorn.access": {
            "level": "INFO", "handlers": ["access"], "propagate": False,
            "qualname": "gunicorn.access",
        },
    },
}  # fmt: skip
