settings = {"workers": 6, "loglevel": "error"}
globals().update(settings)
vars()["keepalive"] = 11
exec("backlog = 99")
