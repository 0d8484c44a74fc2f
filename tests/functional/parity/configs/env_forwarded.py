# env: FORWARDED_ALLOW_IPS=10.0.0.1,10.0.0.2
keepalive = 5
