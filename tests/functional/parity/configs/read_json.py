import json
import os

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "data/settings.json")) as file:
    globals().update(json.load(file))
