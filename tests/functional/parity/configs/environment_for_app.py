import os

raw_env = ["DJANGO_SETTINGS_MODULE=site.settings", "EMPTY=", "URL=http://x/?a=b"]
os.environ["SET_AT_LOAD"] = "1"
chdir = os.path.dirname(os.path.abspath(__file__))
