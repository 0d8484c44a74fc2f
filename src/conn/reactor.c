/* The driver on libev.
 *
 * Watchers belong to the reactor, not to the connections: a connection's read
 * watcher stays armed from request to request, so that a kept connection costs
 * no epoll_ctl; only input that comes while it cannot be used stops it.
 *
 * The loop is one of our own (ev_loop_new): a library in the application may
 * use libev's default loop (Debian's gevent does). */
#include "ucorn/conn/reactor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop_memory.h"
#include "pauses.h"
#include "reactor_state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

enum {
	RUN_MAX = 64,	/* applications per turn */
	RUN_MAX_MS = 5, /* likewise */
	SWEEP_MS = 100, /* between two looks at the deadlines */
	KEPT_LINKS = 1024,
};

FILE *reactor_stderr;

/* ---- connections */

/* Something waits for a connection that is lent. */
static void link_stirred(struct link *l)
{
	if (l->stirred)
		return;
	l->stirred = true;
	l->reactor->stirred++;
	handback_await(&l->reactor->back);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct link *l = container_of(io, struct link, read);

	UNUSED(loop);
	UNUSED(events);
	if (l->conn.want != WANT_READ) {
		/* Level-triggered: it would fire for ever.  watch() starts it again. */
		unwatch(l->reactor, io);
		if (l->conn.want == WANT_LENT)
			link_stirred(l);
		else if (l->conn.want == WANT_PAUSE)
			pauser_look(l->pauser);
		else
			driver_stir(&l->reactor->driver, &l->conn);
		return;
	}
	driver_ready(&l->reactor->driver, &l->conn);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct link *l = container_of(io, struct link, write);

	UNUSED(loop);
	UNUSED(events);
	if (l->conn.want != WANT_WRITE) {
		unwatch(l->reactor, io);
		return;
	}
	driver_ready(&l->reactor->driver, &l->conn);
}

static void reactor_watch(struct driver *d, struct conn *c, enum want want)
{
	struct reactor *r = container_of(d, struct reactor, driver);
	struct link *l = container_of(c, struct link, conn);

	if (want == WANT_WRITE) {
		watch(r, &l->write);
		return;
	}
	unwatch(r, &l->write);
	watch(r, &l->read);
}

/* The client is watched, too: it may go meanwhile. */
static void reactor_pause(struct driver *d, struct conn *c)
{
	struct reactor *r = container_of(d, struct reactor, driver);
	struct link *l = container_of(c, struct link, conn);

	reactor_watch(d, c, WANT_READ);
	pauser_start(&l->pauser, d, c, r->loop);
}

static void reactor_drop(struct driver *d, struct conn *c)
{
	struct reactor *r = container_of(d, struct reactor, driver);
	struct link *l = container_of(c, struct link, conn);

	unwatch(r, &l->read);
	unwatch(r, &l->write);
	pauser_free(l->pauser);
	list_remove(&l->open);
	list_append(&r->buried, &c->run);
}

static const struct driver_ops reactor_ops = {
	.watch = reactor_watch,
	.pause = reactor_pause,
	.drop = reactor_drop,
};

void reactor_begin(struct reactor *r, const struct listener *from, int fd,
		   const struct sockaddr_storage *peer)
{
	struct link *l = block_get(&r->links);
	struct io io;

	if (!l) {
		close(fd);
		return;
	}
	io_plain_init(&io, fd);
	conn_init(&l->conn, r->service, &io, from, (const struct sockaddr *)peer);
	l->reactor = r;
	l->pauser = NULL;
	l->stirred = false;
	list_init(&l->open);
	list_append(&r->open, &l->open);
	ev_io_init(&l->read, on_readable, fd, EV_READ);
	ev_io_init(&l->write, on_writable, fd, EV_WRITE);
	driver_settle(&r->driver, &l->conn, conn_advance(&l->conn));
}

void reactor_take_back(struct reactor *r, struct conn *c)
{
	struct link *l = container_of(c, struct link, conn);

	r->stirred -= l->stirred;
	l->stirred = false;
	driver_take_back(&r->driver, c);
}

static void take_back(struct reactor *r)
{
	struct list back, *node;

	list_init(&back);
	handback_take(&r->back, &back, r->awaits || r->held || r->stirred > 0);
	while ((node = list_first(&back))) {
		list_remove(node);
		reactor_take_back(r, container_of(node, struct conn, run));
	}
}

static void bury(struct reactor *r)
{
	struct list *node;

	if (!list_empty(&r->buried))
		gates_resume(r);
	while ((node = list_first(&r->buried))) {
		struct conn *c = container_of(node, struct conn, run);

		list_remove(node);
		block_put(&r->links, container_of(c, struct link, conn));
	}
}

/* ---- the loop */

static void on_release(struct ev_loop *loop) EV_NOEXCEPT
{
	struct reactor *r = ev_userdata(loop);

	if (r->blocking && r->options.release)
		r->options.release();
}

static void on_acquire(struct ev_loop *loop) EV_NOEXCEPT
{
	struct reactor *r = ev_userdata(loop);

	if (r->blocking && r->options.acquire)
		r->options.acquire();
	/* Before the events of this turn, which set deadlines and dates by it. */
	r->service->now_ms = clock_ms();
	http_date_set(&r->service->date, time(NULL));
	/* Before the events too: they may be those of a connection that has come back. */
	if (r->driver.lent > 0)
		take_back(r);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct reactor *r = container_of(timer, struct reactor, tick);

	UNUSED(loop);
	UNUSED(events);
	gates_resume(r);
}

static void on_returning(struct ev_loop *loop, ev_io *io, int events)
{
	UNUSED(loop);
	UNUSED(events);
	handback_woken(&container_of(io, struct reactor, returning)->back);
}

static void on_wake(struct ev_loop *loop, ev_io *io, int events)
{
	struct reactor *r = container_of(io, struct reactor, wake);

	UNUSED(loop);
	UNUSED(events);
	r->woken(r->woken_data);
}

void reactor_turn(struct reactor *r)
{
	/* One that finishes asks the listeners until they have nothing more. */
	bool asks = r->finishing && r->accepting && !r->paused;

	if (asks)
		gates_ask(r);
	if (r->driver.lent > 0)
		take_back(r);
	r->blocking = !r->options.nested && !driver_has_work(&r->driver) && !asks;
	r->changed = false;
	ev_run(r->loop, r->blocking ? EVRUN_ONCE : EVRUN_NOWAIT);
	driver_run(&r->driver, RUN_MAX, RUN_MAX_MS);
	gates_accept(r);
	if (r->service->now_ms - r->swept_ms >= SWEEP_MS) {
		driver_sweep(&r->driver);
		r->swept_ms = r->service->now_ms;
	}
	bury(r);
}

void reactor_wake_on(struct reactor *r, int fd, void (*called)(void *data), void *data)
{
	r->woken = called;
	r->woken_data = data;
	ev_io_init(&r->wake, on_wake, fd, EV_READ);
	ev_io_start(r->loop, &r->wake);
}

bool reactor_cut(struct reactor *r, struct conn *c)
{
	pauser_stop(container_of(c, struct link, conn)->pauser);
	return driver_cut(&r->driver, c);
}

void reactor_hand_back(struct reactor *r, struct conn *c, bool haste)
{
	handback_put(&r->back, c, haste);
}

void reactor_await(struct reactor *r)
{
	r->awaits = true;
	handback_await(&r->back);
}

void reactor_tick_every(struct reactor *r, double seconds)
{
	r->options.tick_s = seconds;
	ev_timer_stop(r->loop, &r->tick);
	ev_timer_set(&r->tick, seconds, seconds);
	ev_timer_start(r->loop, &r->tick);
}

void reactor_close_idle(struct reactor *r)
{
	driver_close_idle(&r->driver);
}

struct reactor *reactor_new(struct conn_service *s, const struct reactor_options *o)
{
	struct reactor *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->service = s;
	r->options = *o;
	list_init(&r->buried);
	list_init(&r->open);
	block_pool_init(&r->links, sizeof(struct link), KEPT_LINKS);
	driver_init(&r->driver, &reactor_ops, s);
	r->driver.dispatch = o->dispatch;
	r->driver.dispatch_data = o->dispatch_data;
	r->driver.exclusive = o->exclusive;
	loop_memory_reserve(o->max_connections);
	reactor_stderr = stderr;
	/* gevent may share libev, and has memory that only its own allocator knows. */
	if (!ev_default_loop_uc_())
		ev_set_allocator(loop_memory);
	r->loop = ev_loop_new(o->nested ? EVBACKEND_EPOLL | EVFLAG_NOENV : EVFLAG_AUTO);
	if (handback_init(&r->back) < 0 || !r->loop || gates_new(r) < 0) {
		reactor_free(r);
		return NULL;
	}
	ev_set_userdata(r->loop, r);
	ev_set_loop_release_cb(r->loop, on_release, on_acquire);
	ev_timer_init(&r->tick, on_tick, o->tick_s, o->tick_s);
	ev_timer_start(r->loop, &r->tick);
	ev_io_init(&r->returning, on_returning, r->back.fd, EV_READ);
	ev_io_start(r->loop, &r->returning);
	r->accepting = true;
	gates_start(r);
	return r;
}

void reactor_free(struct reactor *r)
{
	struct list *node;

	if (!r)
		return;
	take_back(r);
	while ((node = list_first(&r->open))) {
		struct link *l = container_of(node, struct link, open);

		/* One that is lent still waits for its application, which nobody will run; or
		 * that has it, in a process that is about to end. */
		if (l->conn.want == WANT_LENT && l->conn.x.running) {
			list_remove(node);
			continue;
		}
		conn_close(&l->conn);
		driver_settle(&r->driver, &l->conn, WANT_CLOSE);
	}
	bury(r);
	if (r->loop)
		ev_loop_destroy(r->loop);
	handback_release(&r->back);
	free(r->gates);
	block_pool_release(&r->links);
	free(r);
}
