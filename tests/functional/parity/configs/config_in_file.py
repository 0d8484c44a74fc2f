config = "other.py"
paste = None
