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
		list_append(&d->run, &c->run);
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

bool driver_run(struct driver *d, unsigned max, unsigned max_ms)
{
	uint64_t end_ms = d->service->now_ms + max_ms;
	struct list *node;

	while (max-- > 0 && (node = list_first(&d->run))) {
		struct conn *c = container_of(node, struct conn, run);

		list_remove(node);
		driver_settle(d, c, d->dispatch(d->dispatch_data, c));
		/* One look at the clock per application run: it also keeps time
		 * spent there from counting against other clients. */
		d->service->now_ms = clock_ms();
		if (d->service->now_ms >= end_ms)
			break;
	}
	return list_empty(&d->run);
}

void driver_sweep(struct driver *d)
{
	struct deadline *due;

	while ((due = deadlines_expired(&d->service->deadlines, d->service->now_ms))) {
		struct conn *c = container_of(due, struct conn, deadline);

		driver_settle(d, c, conn_expire(c));
	}
}

bool driver_shed(struct driver *d)
{
	struct deadline *victim = deadlines_first(&d->service->deadlines, DEADLINE_KEEPALIVE);
	struct conn *c;

	if (!victim)
		victim = deadlines_first(&d->service->deadlines, DEADLINE_HEAD);
	if (!victim)
		return false;
	c = container_of(victim, struct conn, deadline);
	conn_close(c);
	driver_settle(d, c, WANT_CLOSE);
	return true;
}

/* Ends c unless a request has come in the meantime. */
static void close_if_idle(struct driver *d, struct conn *c)
{
	enum want want;

	c->may_read = true;
	want = conn_advance(c);
	if (want == WANT_READ && conn_is_idle(c)) {
		conn_close(c);
		want = WANT_CLOSE;
	}
	driver_settle(d, c, want);
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
