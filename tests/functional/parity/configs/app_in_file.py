wsgi_app = "wsgiapp:app"
default_proc_name = "named"
proc_name = "my app"
