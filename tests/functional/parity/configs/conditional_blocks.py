# env: STAGE=prod
import os

if os.environ.get("STAGE") == "prod":
    workers, threads = 4, 2
    if True:
        loglevel = "warning"
else:
    reload = True
match_ = {"prod": "-", "dev": None}
accesslog = match_[os.environ["STAGE"]]
