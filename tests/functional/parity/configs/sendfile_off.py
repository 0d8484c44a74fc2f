sendfile = False
reuse_port = True
