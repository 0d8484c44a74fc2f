import logging

loglevel = logging.getLevelName(logging.WARNING)
accesslog = "/dev/null"
access_log_format = '%({X-Forwarded-For}i)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s %(D)s'
logging.getLogger("gunicorn.access").addFilter(lambda record: True)
