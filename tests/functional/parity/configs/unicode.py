# Bereitschaft: größer, schneller – ✓
proc_name = "größe-✓"
accesslog = "-"
access_log_format = "%(h)s µs=%(D)s ✓"
