# Read as host "unix" and port 12.
statsd_host = "unix:12"
