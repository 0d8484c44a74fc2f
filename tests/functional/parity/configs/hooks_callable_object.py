class Counter:
    count = 0

    def __call__(self, server, worker):
        self.count += 1


post_fork = Counter()
