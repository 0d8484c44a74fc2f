workers = True
threads = 2
max_requests = False
