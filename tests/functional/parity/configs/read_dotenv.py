import os
from pathlib import Path

for line in (Path(__file__).parent / "data" / "dotenv").read_text().splitlines():
    if line.strip() and not line.startswith("#"):
        key, _, value = line.partition("=")
        os.environ.setdefault(key.strip(), value.strip().strip("'\""))

workers = int(os.environ["APP_WORKERS"])
bind = os.environ["APP_BIND"]
raw_env = ["%s=%s" % pair for pair in sorted(os.environ.items()) if pair[0].startswith("APP_")]
