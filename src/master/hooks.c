/* Hooks in the master, and what the server object asks of it.
 *
 * User code may have taken our signals when it returns: the handlers are installed
 * again.  What a hook raises is noted, and ends the server in the next turn. */
#include "hooks.h"

#include "signals.h"
#include "state.h"
#include "ucorn/py/proxies.h"

/* The first failure counts. */
static bool noted(struct children *c, int rc, const struct err *err)
{
	signals_install();
	if (rc < 0 && !c->failure.raised)
		c->failure = (struct hook_failure){true, err->exit_code};
	return rc == 0;
}

bool master_hook(struct children *c, enum hook hook)
{
	struct err err;

	return !hook_is_set(hook) || noted(c, hook_call(hook, &err), &err);
}

void master_hooks_nworkers(struct master *m, unsigned before)
{
	struct children *c = &m->children;
	struct err err;

	if (hook_is_set(HOOK_NWORKERS_CHANGED))
		(void)noted(c, hook_nworkers_changed(c->wanted, (long)before, &err), &err);
}

/* --- the server object --- */

static unsigned wanted(void *data)
{
	const struct master *m = data;

	return m->children.wanted;
}

static void want(void *data, unsigned workers)
{
	struct master *m = data;

	m->children.wanted = workers < CHILDREN_MAX ? workers : CHILDREN_MAX;
	signals_wake();
}

static uint64_t beat_ms(void *data, unsigned slot)
{
	const struct master *m = data;

	return atomic_load(&m->children.scoreboard->slots[slot % CHILDREN_MAX].beat_ms);
}

static void wake(void *data)
{
	UNUSED(data);
	signals_wake();
}

int master_hooks_begin(struct master *m, struct err *err)
{
	static const struct server_ops ops = {
		.wanted = wanted,
		.want = want,
		.beat_ms = beat_ms,
		.wake = wake,
	};

	if (server_object_make(m->settings, &ops, m, err) < 0)
		return -1;
	master_tell_kin(m);
	return hook_nworkers_changed(m->children.wanted, -1, err);
}
