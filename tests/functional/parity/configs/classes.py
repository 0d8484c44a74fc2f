class Config:
    workers = 99
    timeout = 99


class Production(Config):
    timeout = 45


config_object = Production()
workers = 2
timeout = config_object.timeout
