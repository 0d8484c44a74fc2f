chdir = "/usr/../usr/lib"
pythonpath = None
