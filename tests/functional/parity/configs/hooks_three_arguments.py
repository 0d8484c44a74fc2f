def post_request(worker, req, environ):
    pass
