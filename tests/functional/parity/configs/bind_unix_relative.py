import os

bind = "unix:" + os.path.join("run", "app.sock")
