class Hooks:
    @staticmethod
    def pre_fork(server, worker):
        pass

    @classmethod
    def on_exit(cls, server):
        pass

    def child_exit(self, server, worker):
        pass


pre_fork = Hooks.pre_fork
on_exit = Hooks.on_exit
child_exit = Hooks().child_exit
