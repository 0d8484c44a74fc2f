import sys

module = sys.modules[__name__]
setattr(module, "workers", 8)
module.threads = 2
assert __name__ == "__config__"
