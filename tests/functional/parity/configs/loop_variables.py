for backlog in range(10, 13):
    pass
with open(__file__) as file:
    keepalive = len(file.read().split("\n")) and 4
workers = [n for n in range(5)][-1]
