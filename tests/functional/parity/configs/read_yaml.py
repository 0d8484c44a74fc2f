# env: LSAN_OPTIONS=detect_leaks=0
# PyYAML's extension leaves memory behind, which is nothing to us.
from pathlib import Path

import yaml

globals().update(yaml.safe_load(Path(__file__).with_name("data").joinpath("settings.yaml").read_text()))
