import sys

import wsgiapp

proc_name = wsgiapp.__name__ + str("" in sys.path)
