syslog = True
syslog_addr = "unix:///dev/log#dgram"
syslog_prefix = "app"
syslog_facility = "local0"
disable_redirect_access_to_syslog = True
