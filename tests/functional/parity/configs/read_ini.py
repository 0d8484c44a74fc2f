import configparser
import os

parser = configparser.ConfigParser()
parser.read(os.path.join(os.path.dirname(__file__), "data", "settings.ini"))
for option, value in parser["server"].items():
    globals()[option] = value
