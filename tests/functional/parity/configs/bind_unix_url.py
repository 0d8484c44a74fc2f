bind = "unix:///run/app.sock"
