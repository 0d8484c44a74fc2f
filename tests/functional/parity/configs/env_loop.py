# env: GUNICORN_WORKERS=4 GUNICORN_THREADS=2 GUNICORN_PRELOAD_APP=true GUNICORN_LOGLEVEL=warning GUNICORN_BIND=:9001
# The loop of a widely copied post: every value is text.
import os

for k, v in os.environ.items():
    if k.startswith("GUNICORN_"):
        key = k.split("_", 1)[1].lower()
        locals()[key] = v
