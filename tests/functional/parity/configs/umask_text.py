umask = "0o022"
