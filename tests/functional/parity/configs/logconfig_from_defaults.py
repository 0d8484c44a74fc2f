from gunicorn.glogging import CONFIG_DEFAULTS

logconfig_dict = dict(CONFIG_DEFAULTS, version=1)
logconfig_dict.pop("root")
