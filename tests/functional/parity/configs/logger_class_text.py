logger_class = "gunicorn.glogging.Logger"
