"""A small Bottle application."""

import bottle

app = bottle.Bottle()


@app.get("/")
def hello():
    return "hello"


@app.get("/greet/<name>")
def greet(name):
    return f"{bottle.request.query.word} {name}"


@app.post("/sum")
def total():
    return {"sum": sum(bottle.request.json["numbers"])}


@app.post("/form")
def form():
    return dict(bottle.request.forms.decode())
