command = "/usr/bin/gunicorn"
pythonpath_ = "/srv"
logfile = "/no/such/folder/log"
log_level = "debug"
log_file = "/no/such"
access_logfile = "/no/such"
error_logfile = "/no/such"
debug = True
preload = True
django_settings = "x.settings"
name = "site"
uid = 33
thread = 8
max_worker_lifetime = 10
before_fork = after_fork = before_exec = lambda *args: None
redirect_stderr = True
