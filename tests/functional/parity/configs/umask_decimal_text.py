umask = "91"
