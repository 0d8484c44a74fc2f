"""Hooks that configuration files import."""


def on_starting(server):
    pass


class Hooks:
    def post_fork(self, server, worker):
        pass
