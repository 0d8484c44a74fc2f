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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop_memory.h"
#include "reactor_state.h"
#include "ucorn/util/clock.h"
#include "ucorn/util/log.h"

#define PAUSE_S 0.25 /* in accepting, when something is short */

enum {
	RUN_MAX = 64,	       /* applications per turn */
	RUN_MAX_MS = 5,	       /* likewise */
	SWEEP_MS = 100,	       /* between two looks at the deadlines */
	WARN_MS = 1000,	       /* between two warnings of one kind */
	GATE_PATIENCE_MS = 10, /* what another worker has time for to take a connection */
	KEPT_LINKS = 1024,
};

/* ---- connections */

static void watch(struct reactor *r, ev_io *io)
{
	r->changed = r->changed || !ev_is_active(io);
	ev_io_start(r->loop, io);
}

static void unwatch(struct reactor *r, ev_io *io)
{
	r->changed = r->changed || ev_is_active(io);
	ev_io_stop(r->loop, io);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct link *l = container_of(io, struct link, read);

	UNUSED(loop);
	UNUSED(events);
	if (l->conn.want != WANT_READ) {
		/* Level-triggered: it would fire for ever.  watch() starts it again. */
		unwatch(l->reactor, io);
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

static void reactor_drop(struct driver *d, struct conn *c)
{
	struct reactor *r = container_of(d, struct reactor, driver);
	struct link *l = container_of(c, struct link, conn);

	unwatch(r, &l->read);
	unwatch(r, &l->write);
	list_remove(&l->open);
	list_append(&r->buried, &c->run);
}

static const struct driver_ops reactor_ops = {.watch = reactor_watch, .drop = reactor_drop};

/* ---- accepting */

static void gates_start(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		if (!r->gates[i].closed)
			watch(r, &r->gates[i].watcher);
}

/* What made accepting pause may be over. */
static void gates_resume(struct reactor *r)
{
	if (r->paused && r->accepting)
		gates_start(r);
	r->paused = false;
}

static void gates_stop(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++) {
		unwatch(r, &r->gates[i].watcher);
		r->gates[i].ready = false;
	}
}

/* Nothing can be accepted now; a watched listener would wake the loop for ever. */
static void gates_pause(struct reactor *r)
{
	gates_stop(r);
	r->paused = true;
	/* The next try comes soon, whatever happens meanwhile. */
	ev_timer_stop(r->loop, &r->tick);
	ev_timer_set(&r->tick, PAUSE_S, r->options.tick_s);
	ev_timer_start(r->loop, &r->tick);
}

static void on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	struct gate *g = container_of(io, struct gate, watcher);

	UNUSED(loop);
	UNUSED(events);
	if (!g->ready)
		g->ready_ms = g->reactor->service->now_ms;
	g->ready = true;
}

static void connection_begin(struct reactor *r, const struct listener *from, int fd,
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
	list_init(&l->open);
	list_append(&r->open, &l->open);
	ev_io_init(&l->read, on_readable, fd, EV_READ);
	ev_io_init(&l->write, on_writable, fd, EV_WRITE);
	driver_settle(&r->driver, &l->conn, conn_advance(&l->conn));
}

/* At most once a second: the cause may last. */
static void warn_accept(struct reactor *r, int error)
{
	bool files = error == EMFILE || error == ENFILE;

	if (r->service->now_ms - r->warned_ms < WARN_MS)
		return;
	r->warned_ms = r->service->now_ms;
	log_warning("Cannot accept connections for now: %s%s", strerror(error),
		    files ? ". Raise the limit of open files (ulimit -n)." : "");
}

/* Other errors are the new connection's own: Linux tells them here. */
static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static bool is_full(const struct reactor *r)
{
	return r->service->connections >= r->options.max_connections;
}

/* Takes one connection.  -EAGAIN: none is there; -EINVAL: none will ever be, somebody has
 * ended the socket; other -errno: none can be taken now. */
static int gate_accept(struct reactor *r, struct gate *g)
{
	struct sockaddr_storage peer;
	int fd;

	if (is_full(r) && !driver_can_shed(&r->driver)) {
		gates_pause(r);
		return -EBUSY;
	}
	fd = listener_accept(g->listener, &peer);
	if (fd >= 0) {
		/* Only now: somebody is there who needs the room. */
		if (is_full(r))
			driver_shed(&r->driver);
		connection_begin(r, g->listener, fd, &peer);
		return 0;
	}
	if (fd == -EAGAIN || fd == -EINVAL)
		return fd;
	warn_accept(r, -fd);
	/* Where something is short, the next try may do with one connection less. */
	if (is_shortage(-fd) && !driver_shed(&r->driver))
		gates_pause(r);
	return fd;
}

static void gate_close(struct reactor *r, struct gate *g)
{
	unwatch(r, &g->watcher);
	g->ready = false;
	g->closed = true;
	r->accepting = false;
	for (size_t i = 0; i < r->options.n_listeners; i++)
		r->accepting = r->accepting || !r->gates[i].closed;
}

/* Takes a connection from each listener that has one.  True if there was any. */
static bool accept_round(struct reactor *r, uint64_t ready_before_ms)
{
	bool any = false;

	for (size_t i = 0; i < r->options.n_listeners; i++) {
		struct gate *g = &r->gates[i];

		if (!g->ready || g->ready_ms > ready_before_ms)
			continue;

		int rc = gate_accept(r, g);

		g->ready = rc == 0;
		g->ready_ms = r->service->now_ms;
		any = any || g->ready;
		if (rc == -EINVAL || (r->finishing && rc == -EAGAIN))
			gate_close(r, g);
	}
	return any;
}

/* While requests wait here another worker may be idle and gets the first pick; but
 * a connection that nobody has taken for a while is taken all the same. */
static void accept_some(struct reactor *r)
{
	uint64_t now_ms = r->service->now_ms;

	if (!r->accepting || r->paused)
		return;
	if (r->driver.fresh > 0) {
		accept_round(r, now_ms - (r->options.is_alone ? 0 : GATE_PATIENCE_MS));
		return;
	}
	for (unsigned n = 0; n < r->options.accept_batch; n++)
		if (!accept_round(r, now_ms))
			return;
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
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct reactor *r = container_of(timer, struct reactor, tick);

	UNUSED(loop);
	UNUSED(events);
	gates_resume(r);
}

static void on_wake(struct ev_loop *loop, ev_io *io, int events)
{
	struct reactor *r = container_of(io, struct reactor, wake);

	UNUSED(loop);
	UNUSED(events);
	r->woken(r->woken_data);
}

static void gates_ask(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		r->gates[i].ready = !r->gates[i].closed;
}

void reactor_turn(struct reactor *r)
{
	/* One that finishes asks the listeners until they have nothing more. */
	bool asks = r->finishing && r->accepting && !r->paused;

	if (asks)
		gates_ask(r);
	r->blocking = !r->options.nested && !driver_has_work(&r->driver) && !asks;
	r->changed = false;
	ev_run(r->loop, r->blocking ? EVRUN_ONCE : EVRUN_NOWAIT);
	driver_run(&r->driver, RUN_MAX, RUN_MAX_MS);
	accept_some(r);
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

void reactor_accept_waiting(struct reactor *r, size_t first, unsigned max)
{
	for (size_t i = first; i < r->options.n_listeners; i++)
		for (unsigned n = 0; n < max && gate_accept(r, &r->gates[i]) == 0; n++)
			;
}

void reactor_finish_accepting(struct reactor *r)
{
	r->finishing = true;
}

bool reactor_is_accepting(const struct reactor *r)
{
	return r->accepting;
}

void reactor_stop_accepting(struct reactor *r)
{
	r->accepting = false;
	gates_stop(r);
}

void reactor_cut(struct reactor *r, struct conn *c)
{
	driver_cut(&r->driver, c);
}

void reactor_close_idle(struct reactor *r)
{
	driver_close_idle(&r->driver);
}

static int gates_new(struct reactor *r)
{
	r->gates = calloc(r->options.n_listeners ? r->options.n_listeners : 1, sizeof(*r->gates));
	if (!r->gates)
		return -ENOMEM;
	for (size_t i = 0; i < r->options.n_listeners; i++) {
		struct gate *g = &r->gates[i];

		g->listener = &r->options.listeners[i];
		g->reactor = r;
		ev_io_init(&g->watcher, on_connection, g->listener->fd, EV_READ);
	}
	return 0;
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
	/* gevent may share libev, and has memory that only its own allocator knows. */
	if (!ev_default_loop_uc_())
		ev_set_allocator(loop_memory);
	r->loop = ev_loop_new(o->nested ? EVBACKEND_EPOLL | EVFLAG_NOENV : EVFLAG_AUTO);
	if (!r->loop || gates_new(r) < 0) {
		reactor_free(r);
		return NULL;
	}
	ev_set_userdata(r->loop, r);
	ev_set_loop_release_cb(r->loop, on_release, on_acquire);
	ev_timer_init(&r->tick, on_tick, o->tick_s, o->tick_s);
	ev_timer_start(r->loop, &r->tick);
	r->accepting = true;
	gates_start(r);
	return r;
}

void reactor_free(struct reactor *r)
{
	struct list *node;

	if (!r)
		return;
	while ((node = list_first(&r->open))) {
		struct link *l = container_of(node, struct link, open);

		if (l->conn.want == WANT_LENT) {
			list_remove(node);
			continue;
		}
		conn_close(&l->conn);
		driver_settle(&r->driver, &l->conn, WANT_CLOSE);
	}
	bury(r);
	if (r->loop)
		ev_loop_destroy(r->loop);
	free(r->gates);
	block_pool_release(&r->links);
	free(r);
}
