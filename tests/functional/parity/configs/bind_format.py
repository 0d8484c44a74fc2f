HOST, PORT = "127.0.0.1", 8080
bind = "%s:%d" % (HOST, PORT)
statsd_host = "{}:8125".format(None)
