"""The class of wsgi.input in gunicorn; here it is a name to import."""

from ucorn.patches import refused


class Body:
    def __init__(self, reader):
        raise refused("gunicorn.http.body.Body")
