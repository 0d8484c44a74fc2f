import math

workers = math.ceil(2.5)
timeout = int(29.9)
