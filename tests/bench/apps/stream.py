"""A generator's 64 pieces, of 1 KiB each, of which nobody says how many they are."""

PIECE = b"y" * 1024


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(64):
        yield PIECE
