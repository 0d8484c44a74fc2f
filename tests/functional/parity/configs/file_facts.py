import os
import sys

raw_env = [
    f"NAME={__name__}",
    f"FILE={os.path.basename(__file__)}",
    f"SAME={sys.modules['__config__'].__dict__ is globals()}",
    f"FIRST={os.path.samefile(sys.path[0], os.getcwd())}",
    f"SPEC={__spec__ is not None}",
]
