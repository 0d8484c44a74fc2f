# env: WORKERS=5 TIMEOUT=90 PORT_NUMBER=9000
import os

bind = f"0.0.0.0:{os.getenv('PORT_NUMBER', '8000')}"
workers = int(os.environ.get("WORKERS", "2"))
timeout = int(os.environ.get("TIMEOUT", 30))
threads = int(os.environ.get("THREADS", 1))
