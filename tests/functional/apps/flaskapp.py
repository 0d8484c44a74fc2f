"""A Flask application as people write them."""

import hashlib

from flask import (
    Flask,
    Response,
    abort,
    jsonify,
    redirect,
    request,
    session,
    stream_with_context,
    url_for,
)
from latch import wait_for_file

app = Flask(__name__)
app.secret_key = "only for tests"

#: The ids of the streams in the order in which this process advanced them.
yields = []


@app.get("/")
def index():
    return "hello"


@app.get("/users/<int:number>/<name>")
def user(number, name):
    return jsonify(number=number, name=name)


@app.get("/query")
def query():
    return jsonify({key: request.args.getlist(key) for key in request.args})


@app.post("/form")
def form():
    return jsonify(request.form)


@app.post("/upload")
def upload():
    file = request.files["file"]
    data = file.read()
    return jsonify(
        name=file.filename,
        length=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        comment=request.form["comment"],
    )


@app.post("/raw")
def raw():
    data = request.get_data()
    return jsonify(length=len(data), sha256=hashlib.sha256(data).hexdigest())


@app.post("/json")
def take_json():
    return jsonify(got=request.get_json())


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return jsonify(visits=session["visits"])


@app.get("/stream")
def stream():
    count = int(request.args["count"])
    return Response((f"line {n}\n" for n in range(count)), mimetype="text/plain")


@app.get("/latched")
def latched():
    """The second piece waits for a file that the test makes."""

    def pieces():
        yield "first"
        wait_for_file(request.args["file"])
        yield "second"

    return Response(stream_with_context(pieces()))


@app.get("/interleaved")
def interleaved():
    """Pieces that ask Flask, each time anew, whose request this is."""

    def pieces():
        for _ in range(int(request.args["count"])):
            yields.append(request.args["id"])
            yield request.args["id"].ljust(int(request.args["size"]), ".")

    return Response(stream_with_context(pieces()))


@app.get("/yields")
def show_yields():
    return jsonify(yields)


@app.get("/fail")
def fail():
    raise RuntimeError("flask was asked to fail")


@app.get("/teapot")
def teapot():
    abort(418)


@app.get("/moved")
def moved():
    return redirect(url_for("index"))


@app.get("/no-content")
def no_content():
    return "", 204


@app.get("/whoami")
def whoami():
    return jsonify(
        url=request.url,
        remote=request.remote_addr,
        port=request.environ.get("REMOTE_PORT"),
        forwarded=request.headers.get("X-Forwarded-For"),
    )
