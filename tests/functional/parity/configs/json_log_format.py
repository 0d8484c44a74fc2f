import json

access_log_format = json.dumps({"remote": "%(h)s", "status": "%(s)s", "took": "%(L)s", "µ": "%(D)s"})
accesslog = "-"
