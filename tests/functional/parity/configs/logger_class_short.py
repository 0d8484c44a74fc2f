logger_class = "simple"
syslog_addr = "udp://localhost"
logconfig = None
