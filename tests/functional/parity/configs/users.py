user = "root"
group = "root"
initgroups = True
