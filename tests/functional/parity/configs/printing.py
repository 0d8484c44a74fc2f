import sys

print("loading")
print("loading", file=sys.stderr)
workers = 2
