# args: --timeout=33
import sys

preload_app = "--timeout=33" in sys.argv
proc_name = next((a for a in sys.argv[1:] if ":" in a and not a.startswith("-")), "none")
