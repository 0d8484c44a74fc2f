bind = "unix:/run/app/app.sock"
umask = 0o007
