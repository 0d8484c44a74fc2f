/* The reactor as a guest of another event loop.
 *
 * That loop watches one descriptor, the epoll of ours, which is readable when there is
 * something for a turn.  libev tells epoll of changes in what is watched only when it runs
 * next: so after such a change a turn has to come before the other loop waits. */
#include "epoll.h"
#include "reactor_state.h"
#include "ucorn/util/clock.h"

int reactor_descriptor(struct reactor *r)
{
	ev_run(r->loop, EVRUN_NOWAIT); /* now epoll has what is to be watched */
	return epoll_that_watches(r->wake.fd);
}

bool reactor_is_due(const struct reactor *r)
{
	return r->changed || driver_has_work(&r->driver) ||
	       (r->finishing && r->accepting && !r->paused);
}

void reactor_settle_back(struct reactor *r, struct conn *c)
{
	r->service->now_ms = clock_ms();
	reactor_take_back(r, c);
}
