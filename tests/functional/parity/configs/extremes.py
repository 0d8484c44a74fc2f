timeout = 0
graceful_timeout = 31536000
keepalive = 0
max_requests = 1
threads = 1
workers = 0
