user = 0
group = "0"
