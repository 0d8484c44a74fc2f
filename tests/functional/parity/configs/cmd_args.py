# env: GUNICORN_CMD_ARGS="-w6 --threads=2 --bind=0.0.0.0:81 -b:82 --access-logfile -"
workers = 2
threads = 1
bind = ["127.0.0.1:8000"]
