def make(count):
    def inner():
        nonlocal count
        count += 1
        return count

    return inner


next_number = make(3)
workers = next_number()
threads = next_number()


def set_timeout():
    global timeout
    timeout = 77


set_timeout()
