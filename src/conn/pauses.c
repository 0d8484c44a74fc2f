/* Pauses of applications, on libev: one timer and one watcher for each response that
 * has ever paused, so thousands of them wait for different times and descriptors, and
 * cost nothing until then.
 *
 * A client that goes meanwhile is to be noticed.  A reset, or the close of a unix socket,
 * says so; the end of what a client sends does not, a half-closed one gets its answer.  As
 * both that end and what a client sends early make a descriptor readable for ever, it cannot
 * be watched any longer then, and is looked at from time to time instead. */
#include "pauses.h"

#include <ev.h>
#include <poll.h>
#include <stdlib.h>

#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

enum { LOOK_US = 1000000 };

struct pauser {
	struct driver *driver;
	struct conn *conn;
	struct ev_loop *loop;
	ev_io io;	/* the application's descriptor */
	ev_timer timer; /* the end, or the next look */
	bool looking;	/* from time to time */
};

void pauser_stop(struct pauser *p)
{
	if (!p)
		return;
	ev_io_stop(p->loop, &p->io);
	ev_timer_stop(p->loop, &p->timer);
}

static void end(struct pauser *p, bool ready)
{
	pauser_stop(p);
	driver_resume(p->driver, p->conn, ready);
}

static void timer_start(struct pauser *p)
{
	uint64_t end_us = p->conn->x.pause->end_us, now_us = clock_us();
	uint64_t left_us = end_us > now_us ? end_us - now_us : 0;

	if (p->looking && left_us > LOOK_US)
		left_us = LOOK_US;
	else if (end_us == UINT64_MAX)
		return;
	/* The loop's own time is that of its last poll, and applications have run since. */
	ev_now_update(p->loop);
	ev_timer_set(&p->timer, (double)left_us / 1e6, 0.);
	ev_timer_start(p->loop, &p->timer);
}

static bool client_has_gone(const struct conn *c)
{
	struct pollfd p = {.fd = c->io.fd};

	/* An application that has the connection itself sees what becomes of it. */
	return !c->x.shared && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

void pauser_look(struct pauser *p)
{
	if (client_has_gone(p->conn)) {
		pauser_stop(p);
		driver_cut(p->driver, p->conn);
		return;
	}
	p->looking = true;
	ev_timer_stop(p->loop, &p->timer);
	timer_start(p);
}

static void on_ready(struct ev_loop *loop, ev_io *io, int events)
{
	UNUSED(loop);
	UNUSED(events); /* an error, too: the application's own call will tell */
	end(container_of(io, struct pauser, io), true);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct pauser *p = container_of(timer, struct pauser, timer);

	UNUSED(loop);
	UNUSED(events);
	/* libev runs timers before descriptors of the same turn. */
	if (ev_is_pending(&p->io))
		end(p, true);
	else if (clock_us() >= p->conn->x.pause->end_us)
		end(p, false);
	else
		pauser_look(p);
}

static struct pauser *pauser_new(struct driver *d, struct conn *c, struct ev_loop *loop)
{
	struct pauser *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct pauser){.driver = d, .conn = c, .loop = loop};
	ev_init(&p->io, on_ready);
	ev_init(&p->timer, on_timer);
	return p;
}

void pauser_start(struct pauser **place, struct driver *d, struct conn *c, struct ev_loop *loop)
{
	const struct pause *pause = c->x.pause;
	struct pauser *p = *place ? *place : pauser_new(d, c, loop);

	*place = p;
	if (!p) {
		log_error("Out of memory: the connection of ip=%s is cut", c->remote_addr);
		driver_cut(d, c);
		return;
	}
	p->looking = false;
	if (pause->fd >= 0) {
		ev_io_set(&p->io, pause->fd, pause->for_write ? EV_WRITE : EV_READ);
		ev_io_start(loop, &p->io);
	}
	timer_start(p);
}

void pauser_free(struct pauser *p)
{
	pauser_stop(p);
	free(p);
}
