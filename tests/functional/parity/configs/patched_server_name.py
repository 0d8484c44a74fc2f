import gunicorn

gunicorn.SERVER_SOFTWARE = "hidden"
gunicorn.SERVER = "hidden"
workers = gunicorn.version_info[0] >= 20 and 2
