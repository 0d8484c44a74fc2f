raw_env = []
reload_extra_files = []
