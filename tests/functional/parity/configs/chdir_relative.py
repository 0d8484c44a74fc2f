chdir = "data/.."
pythonpath = "/srv/app,/srv/lib"
