access_log_format = "%(h)-15s %(b)-6s %(T)02d %({x-remote-user}o)s %({RAW_URI}e)s %%"
