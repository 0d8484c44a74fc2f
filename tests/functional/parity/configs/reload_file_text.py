reload_extra_files = __file__
