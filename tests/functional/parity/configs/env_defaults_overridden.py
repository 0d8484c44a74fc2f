# env: PORT=5005 WEB_CONCURRENCY=3 FORWARDED_ALLOW_IPS=*
bind = "localhost:8080"
workers = 2
forwarded_allow_ips = "192.0.2.1"
