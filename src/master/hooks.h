/* Hooks that run in the master. */
#ifndef UCORN_MASTER_HOOKS_H
#define UCORN_MASTER_HOOKS_H

#include "children.h"
#include "ucorn/py/hooks.h"

/* Calls it; false when it has raised, which c->failure has then. */
bool master_hook(struct children *c, enum hook hook);

#endif
