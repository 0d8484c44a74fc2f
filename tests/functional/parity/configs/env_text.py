# env: WORKERS=7 KEEPALIVE=75
import os

workers = os.environ.get("WORKERS", 4)
keepalive = os.environ["KEEPALIVE"]
max_requests = os.getenv("MAX_REQUESTS", "1000")
max_requests_jitter = os.getenv("JITTER", "50")
