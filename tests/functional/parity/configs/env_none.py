import os

pidfile = os.environ.get("PIDFILE")
user = os.environ.get("RUN_AS") or None
accesslog = os.getenv("ACCESS_LOG", "-") or None
proc_name = os.getenv("PROC_NAME")
tmp_upload_dir = None
