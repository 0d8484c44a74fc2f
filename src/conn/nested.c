/* The reactor as a guest of another event loop.
 *
 * That loop watches one descriptor, the epoll of ours, which is readable when there is
 * something for a turn.  libev tells epoll of changes in what is watched only when it runs
 * next: so after such a change a turn has to come before the other loop waits. */
#include <sys/epoll.h>

#include "epoll.h"
#include "reactor_state.h"
#include "ucorn/util/clock.h"

/* A process that the application has forked, or a dup of gunicorn.socket, keeps what is behind
 * the descriptor open, and then the kernel goes on telling epoll of it.  libev would make itself
 * another epoll, of which the other loop knows nothing. */
static void forget(struct conn *c)
{
	struct reactor *r = container_of(c, struct link, conn)->reactor;
	struct epoll_event nothing = {0};

	if (c->io.fd >= 0 && epoll_ctl(r->descriptor, EPOLL_CTL_DEL, c->io.fd, &nothing) < 0)
		return; /* it was never watched */
}

int reactor_descriptor(struct reactor *r)
{
	ev_run(r->loop, EVRUN_NOWAIT); /* now epoll has what is to be watched */
	r->descriptor = epoll_that_watches(r->wake.fd);
	if (r->descriptor >= 0)
		r->service->closing = forget;
	return r->descriptor;
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
