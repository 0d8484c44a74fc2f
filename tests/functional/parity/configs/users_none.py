user = None
group = None
