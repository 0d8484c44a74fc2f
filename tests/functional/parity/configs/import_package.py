import shared.base
from shared import hooks

bind = shared.base.bind
on_starting = hooks.on_starting
post_fork = hooks.Hooks().post_fork
