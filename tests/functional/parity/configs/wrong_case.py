Workers = 5
BIND = "0.0.0.0:1"
TimeOut = 3
worker_Class = "gevent"
