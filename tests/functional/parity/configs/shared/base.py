"""What several configuration files have in common."""

bind = "127.0.0.1:8100"
workers = 2
keepalive = 65
