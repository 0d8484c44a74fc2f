# args: --workers 9 -b :83 --keep 7 --log-level=debug --env A=1 -e B=2 --name site
# env: GUNICORN_CMD_ARGS="-w6 -t 99"
workers = 2
bind = "127.0.0.1:84"
raw_env = ["C=3"]
proc_name = "other"
