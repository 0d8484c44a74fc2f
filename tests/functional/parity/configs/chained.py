accesslog = errorlog = "-"
workers = threads = 2
timeout = 10
timeout = 20
max_requests = 5
del max_requests
