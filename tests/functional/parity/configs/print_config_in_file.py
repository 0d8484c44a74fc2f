print_config = True
workers = 2
