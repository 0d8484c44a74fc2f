"""A small Falcon application."""

import falcon


class Hello:
    def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "hello"


class Greet:
    def on_get(self, req, resp, name):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = f"{req.get_param('word')} {name}"


class Sum:
    def on_post(self, req, resp):
        resp.media = {"sum": sum(req.get_media()["numbers"])}


app = falcon.App()
app.add_route("/", Hello())
app.add_route("/greet/{name}", Greet())
app.add_route("/sum", Sum())
