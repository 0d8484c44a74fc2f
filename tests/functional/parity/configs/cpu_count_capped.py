from os import cpu_count as _count


def max_workers():
    return _count() or 1


workers = max(2, min(max_workers(), 12))
worker_connections = 10 * workers
