from shared.fill import fill

fill(globals())
