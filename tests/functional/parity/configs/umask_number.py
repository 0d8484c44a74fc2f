umask = 0o77
worker_class = "egg:gunicorn#sync"
