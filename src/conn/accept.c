/* The reactor's gates: taking connections from listeners.
 *
 * A worker with requests that wait leaves newcomers to the others, for a while.  Where
 * descriptors or memory are short it closes a connection that does nothing, or pauses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reactor_state.h"
#include "ucorn/util/log.h"

#define PAUSE_S 0.25 /* when something is short */

enum {
	WARN_MS = 1000,	    /* between two warnings of one kind */
	LONG_MS = 5,	    /* so long a patience begins anew with each connection */
	NEWCOMER_MS = 1,    /* in which its request comes, if it was sent at once */
	NEWCOMERS_MAX = 64, /* more are not counted */
};

void gates_start(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		if (!r->gates[i].closed)
			watch(r, &r->gates[i].watcher);
}

void gates_resume(struct reactor *r)
{
	if ((r->paused || r->held) && r->accepting)
		gates_start(r);
	r->paused = r->held = false;
}

static void gates_stop(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++) {
		unwatch(r, &r->gates[i].watcher);
		r->gates[i].ready = false;
	}
}

/* The next tick, which resumes, comes soon, whatever happens meanwhile. */
static void tick_in(struct reactor *r, double seconds)
{
	ev_timer_stop(r->loop, &r->tick);
	ev_timer_set(&r->tick, seconds, r->options.tick_s);
	ev_timer_start(r->loop, &r->tick);
}

/* Nothing can be accepted now; a watched listener would wake the loop for ever. */
static void gates_pause(struct reactor *r)
{
	gates_stop(r);
	r->paused = true;
	tick_in(r, PAUSE_S);
}

/* Nothing is to be accepted for a moment; likewise. */
static void gates_hold(struct reactor *r, unsigned again_ms)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		if (r->gates[i].ready)
			unwatch(r, &r->gates[i].watcher);
	r->held = true;
	handback_await(&r->back); /* which may make room */
	tick_in(r, again_ms / 1000.0);
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
		reactor_begin(r, g->listener, fd, &peer);
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

/* Takes a connection from each listener where somebody has waited for that long.  True if there
 * was any.  Behind a short wait the next ones follow at once: they keep coming, and it takes all
 * workers. */
static bool accept_round(struct reactor *r, unsigned patience_ms)
{
	uint64_t now_ms = r->service->now_ms;
	bool any = false;

	for (size_t i = 0; i < r->options.n_listeners; i++) {
		struct gate *g = &r->gates[i];

		if (!g->ready || g->ready_ms + patience_ms > now_ms)
			continue;

		int rc = gate_accept(r, g);

		g->ready = rc == 0;
		if (!g->ready || patience_ms >= LONG_MS)
			g->ready_ms = now_ms;
		any = any || g->ready;
		if (rc == -EINVAL || (r->finishing && rc == -EAGAIN))
			gate_close(r, g);
	}
	return any;
}

static bool anybody_waits(const struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		if (r->gates[i].ready)
			return true;
	return false;
}

/* Connections that were accepted a moment ago, whose first requests may be about to come. */
static unsigned newcomers(const struct reactor *r)
{
	const struct list *head = &r->service->deadlines.lists[DEADLINE_HEAD];
	unsigned count = 0;

	for (struct list *node = head->prev; node != head && count < NEWCOMERS_MAX;
	     node = node->prev) {
		struct deadline *due = container_of(node, struct deadline, node);

		if (r->service->now_ms - due->since_ms > NEWCOMER_MS)
			break;
		count++;
	}
	return count;
}

/* Newcomers may be left to others, but one that nobody has taken for a while is taken all the
 * same. */
void gates_accept(struct reactor *r)
{
	const struct reactor_options *o = &r->options;
	struct accept_policy policy;
	bool any = false;

	if (!r->accepting || r->paused || !anybody_waits(r))
		return;
	policy = o->policy(o->dispatch_data, r->driver.fresh, newcomers(r));
	if (r->finishing) /* soon there will be no others */
		policy.patience_ms = 0;
	while (policy.batch-- > 0 && accept_round(r, policy.patience_ms))
		any = true;
	if (!any && policy.patience_ms > 0 && !driver_has_work(&r->driver) && anybody_waits(r))
		gates_hold(r, policy.again_ms);
	else if (r->held)
		gates_resume(r);
}

void gates_ask(struct reactor *r)
{
	for (size_t i = 0; i < r->options.n_listeners; i++)
		r->gates[i].ready = !r->gates[i].closed;
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

int gates_new(struct reactor *r)
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
