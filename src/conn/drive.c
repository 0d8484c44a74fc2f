/* The driver: takes connections from what they want to what they get.
 *
 * Who has a connection: the watcher while it waits, the run queue while it
 * wants its application, the dispatch function while that runs, and nobody once
 * it has closed. */
#include "ucorn/conn/drive.h"

#include "ucorn/util/clock.h"

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
	}
}

void driver_ready(struct driver *d, struct conn *c)
{
	if (c->want == WANT_READ)
		c->may_read = true;
	driver_settle(d, c, conn_advance(c));
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
	enum want want;

	list_remove(&c->run);
	if (!c->x.running)
		d->fresh--;
	want = d->dispatch(d->dispatch_data, c);
	d->holder = d->exclusive && c->x.running ? c : NULL;
	driver_settle(d, c, want);
}

void driver_run(struct driver *d, unsigned max, unsigned max_ms)
{
	uint64_t end_ms = d->service->now_ms + max_ms;
	struct conn *c;

	while (max-- > 0 && (c = next_to_run(d))) {
		run_one(d, c);
		d->service->now_ms = clock_ms();
		if (d->service->now_ms >= end_ms)
			break;
	}
}

void driver_sweep(struct driver *d)
{
	struct deadline *due;

	while ((due = deadlines_expired(&d->service->deadlines, d->service->now_ms))) {
		struct conn *c = container_of(due, struct conn, deadline);

		driver_settle(d, c, conn_expire(c));
	}
}

/* Closes c unless a request has come in the meantime.  True if it has closed. */
static bool close_if_idle(struct driver *d, struct conn *c)
{
	enum want want;

	c->may_read = true;
	want = conn_advance(c);
	if (want == WANT_READ && conn_is_idle(c)) {
		conn_close(c);
		want = WANT_CLOSE;
	}
	driver_settle(d, c, want);
	return want == WANT_CLOSE;
}

bool driver_can_shed(const struct driver *d)
{
	const struct deadlines *ds = &d->service->deadlines;

	return deadlines_first(ds, DEADLINE_KEEPALIVE) || deadlines_first(ds, DEADLINE_HEAD);
}

bool driver_shed(struct driver *d)
{
	struct deadlines *ds = &d->service->deadlines;
	struct deadline *victim;
	struct conn *c;

	/* One that has a request after all leaves the list, so this ends. */
	while ((victim = deadlines_first(ds, DEADLINE_KEEPALIVE)))
		if (close_if_idle(d, container_of(victim, struct conn, deadline)))
			return true;
	victim = deadlines_first(ds, DEADLINE_HEAD);
	if (!victim)
		return false;
	c = container_of(victim, struct conn, deadline);
	conn_close(c);
	driver_settle(d, c, WANT_CLOSE);
	return true;
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
			if (conn_is_idle(c))
				close_if_idle(d, c);
		}
	}
}
