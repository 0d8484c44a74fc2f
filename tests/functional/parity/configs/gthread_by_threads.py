worker_class = "sync"
threads = 4
