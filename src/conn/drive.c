/* The driver: takes connections from what they want to what they get.
 *
 * Who has a connection: the watcher while it waits, the run queue while it
 * wants its application, the dispatch function while that runs, and nobody once
 * it has closed. */
#include "ucorn/conn/drive.h"

#include "ucorn/util/clock.h"

enum {
	SLOW_HEAD_MS = 250,	 /* a head that takes longer may be given up for a newcomer */
	SLOW_APP_MS = 10,	 /* clients may leave meanwhile */
	FIRST_REQUEST_MS = 1000, /* in which a new client sends it, even if the server stops */
	HELD_UP_MS = 100,	 /* an application that does it again delays many */
	DOUBTFUL_TURNS = 4,	 /* in which their requests are found, and doubted */
};

void driver_init(struct driver *d, const struct driver_ops *ops, struct conn_service *s)
{
	*d = (struct driver){.ops = ops, .service = s};
	list_init(&d->run);
}

void driver_settle(struct driver *d, struct conn *c, enum want want)
{
	c->want = want;
	switch (want) {
	case WANT_APP:
		if (!list_empty(&c->run))
			break; /* it is queued already */
		list_append(&d->run, &c->run);
		c->x.queued_ms = d->service->now_ms;
		if (!c->x.running)
			d->fresh++;
		break;
	case WANT_CLOSE:
		d->ops->drop(d, c);
		break;
	case WANT_READ:
	case WANT_WRITE:
		d->ops->watch(d, c, want);
		break;
	case WANT_PAUSE:
		d->ops->pause(d, c);
		break;
	case WANT_LENT:
		d->lent++;
		break;
	}
}

void driver_ready(struct driver *d, struct conn *c)
{
	if (c->want == WANT_READ)
		c->may_read = true;
	driver_settle(d, c, conn_advance(c));
}

void driver_resume(struct driver *d, struct conn *c, bool ready)
{
	driver_settle(d, c, conn_resume(c, ready));
}

static void unqueue(struct driver *d, struct conn *c)
{
	list_remove(&c->run);
	if (!c->x.running)
		d->fresh--;
}

/* Drops a queued request, not yet begun, of a client that has gone. */
static bool drop_if_lost(struct driver *d, struct conn *c)
{
	if (c->x.running || !io_is_lost(&c->io))
		return false;
	unqueue(d, c);
	conn_close(c);
	driver_settle(d, c, WANT_CLOSE);
	return true;
}

void driver_stir(struct driver *d, struct conn *c)
{
	if (c->want == WANT_APP && !list_empty(&c->run))
		drop_if_lost(d, c);
}

/* Who runs next: NULL, or a connection on the queue. */
static struct conn *next_to_run(const struct driver *d)
{
	struct list *node = list_first(&d->run);

	if (d->holder)
		return list_empty(&d->holder->run) ? NULL : d->holder;
	return node ? container_of(node, struct conn, run) : NULL;
}

bool driver_has_work(const struct driver *d)
{
	return next_to_run(d) != NULL;
}

static void run_one(struct driver *d, struct conn *c)
{
	uint64_t before_ms = d->service->now_ms, taken_ms;
	enum want want;

	/* What a client sent before it reset the connection is read all the same. */
	if (d->doubtful_turns > 0 && drop_if_lost(d, c))
		return;
	unqueue(d, c);
	want = d->dispatch(d->dispatch_data, c);
	d->holder = d->exclusive && c->x.running ? c : NULL;
	driver_settle(d, c, want);
	d->service->now_ms = clock_ms();
	taken_ms = d->service->now_ms - before_ms;
	d->service->app_ms += taken_ms;
	if (taken_ms >= SLOW_APP_MS)
		d->doubtful_turns = DOUBTFUL_TURNS;
	if (taken_ms >= HELD_UP_MS)
		d->service->held_ms = d->service->now_ms;
}

void driver_run(struct driver *d, unsigned max, unsigned max_ms)
{
	uint64_t end_ms = d->service->now_ms + max_ms;
	struct conn *c;

	if (d->doubtful_turns > 0)
		d->doubtful_turns--;
	while (max-- > 0 && (c = next_to_run(d))) {
		run_one(d, c);
		if (d->service->now_ms >= end_ms)
			break;
	}
}

void driver_take_back(struct driver *d, struct conn *c)
{
	enum want want = WANT_CLOSE;

	d->lent--;
	/* Whoever was to run the application has found the client gone. */
	if (c->state == CONN_APP && c->lost && !c->x.running)
		conn_close(c);
	else
		want = conn_advance(c);
	driver_settle(d, c, want);
}

bool driver_cut(struct driver *d, struct conn *c)
{
	bool is_lent = c->want == WANT_LENT;

	if (c->x.cut || (!is_lent && c->lost))
		return false;
	c->x.cut = true;
	if (is_lent) {
		io_cut(&c->io);
		return true;
	}
	c->lost = true;
	if (c->state == CONN_FLUSH || c->state == CONN_PAUSE)
		driver_settle(d, c, conn_advance(c));
	return true;
}

void driver_sweep(struct driver *d)
{
	struct deadline *due;

	while ((due = deadlines_expired(&d->service->deadlines, d->service->now_ms))) {
		struct conn *c = container_of(due, struct conn, deadline);

		driver_settle(d, c, conn_expire(c));
	}
}

static bool waits_for_request(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_HEAD;
}

/* Closes c if, after a last look at what has come, it is still what it seemed to be.
 * True if it has closed. */
static bool close_if(struct driver *d, struct conn *c, bool (*is_still)(const struct conn *c))
{
	enum want want;

	c->may_read = true;
	want = conn_advance(c);
	if (want == WANT_READ && is_still(c)) {
		conn_close(c);
		want = WANT_CLOSE;
	}
	driver_settle(d, c, want);
	return want == WANT_CLOSE;
}

/* The connection whose head takes longest, if it is slow indeed; or NULL. */
static struct conn *slowest_head(const struct driver *d)
{
	struct deadline *first = deadlines_first(&d->service->deadlines, DEADLINE_HEAD);

	if (!first || d->service->now_ms - first->since_ms < SLOW_HEAD_MS)
		return NULL;
	return container_of(first, struct conn, deadline);
}

bool driver_can_shed(const struct driver *d)
{
	return deadlines_first(&d->service->deadlines, DEADLINE_KEEPALIVE) || slowest_head(d);
}

bool driver_shed(struct driver *d)
{
	struct deadlines *ds = &d->service->deadlines;
	struct deadline *victim;
	struct conn *c;

	/* One that has a request after all leaves the list, so this ends. */
	while ((victim = deadlines_first(ds, DEADLINE_KEEPALIVE)))
		if (close_if(d, container_of(victim, struct conn, deadline), conn_is_idle))
			return true;
	while ((c = slowest_head(d)))
		if (close_if(d, c, waits_for_request))
			return true;
	return false;
}

/* Who has connected a moment ago is about to send a request. */
static bool has_just_come(const struct driver *d, const struct deadline *due,
			  enum deadline_kind kind)
{
	return kind == DEADLINE_HEAD && d->service->now_ms - due->since_ms < FIRST_REQUEST_MS;
}

void driver_close_idle(struct driver *d)
{
	static const enum deadline_kind kinds[] = {DEADLINE_KEEPALIVE, DEADLINE_HEAD};

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct list *head = &d->service->deadlines.lists[kinds[k]], *node, *next;

		for (node = head->next; node != head; node = next) {
			struct deadline *due = container_of(node, struct deadline, node);
			struct conn *c = container_of(due, struct conn, deadline);

			next = node->next;
			if (conn_is_idle(c) && !has_just_come(d, due, kinds[k]))
				close_if(d, c, conn_is_idle);
		}
	}
}
