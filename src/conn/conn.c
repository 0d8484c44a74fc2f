/* The connection machine: its states, the loop over its steps, its beginning
 * and its end.
 *
 * conn_advance runs the current state's step until one says what it waits for.
 * Steps (steps.c) do the reading and writing; what the application's side may
 * do to a response is in exchange.c.  Nothing here blocks and nothing knows how
 * descriptors are watched. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "steps.h"
#include "ucorn/util/clock.h"

enum {
	HEAD_MS = 30000,
	BODY_MS = 30000,
	SEND_MS = 30000,
	KEEPALIVE_MS = 2000,
	LINGER_MS = 2000,
	SPOOL_MEMORY_BYTES = 64 * 1024,
	HIGH_WATER_BYTES = 64 * 1024,
	BLOCK_BYTES = 4096,
	KEPT_BLOCKS = 256,
	KEPT_INPUTS = 128,
	KEPT_LINES_BYTES = 4096, /* of a response, in a kit */
	WRITE_NOW_BYTES = 64 * 1024,
};

#define TO(state) (1u << (state))

#ifndef NDEBUG
static const unsigned allowed_moves[CONN_STATES] = {
	[CONN_IDLE] = TO(CONN_HEAD),
	[CONN_HEAD] = TO(CONN_IDLE) | TO(CONN_SPOOL) | TO(CONN_APP) | TO(CONN_DRAIN),
	[CONN_SPOOL] = TO(CONN_APP) | TO(CONN_DRAIN),
	[CONN_APP] = TO(CONN_FLUSH) | TO(CONN_DRAIN),
	[CONN_FLUSH] = TO(CONN_APP) | TO(CONN_PAUSE),
	[CONN_PAUSE] = TO(CONN_APP),
	[CONN_DRAIN] = TO(CONN_IDLE) | TO(CONN_LINGER),
};
#endif

void conn_set_state(struct conn *c, enum conn_state state)
{
	assert(allowed_moves[c->state] & TO(state));
	c->state = state;
}

static void kit_free(struct conn_kit *kit)
{
	buf_release(&kit->lines);
	outq_memory_free(&kit->out);
}

void conn_take_kit(struct conn *c)
{
	struct conn_service *s = c->service;

	if (s->n_kits == 0)
		return; /* it gets memory as it needs some */
	outq_give_memory(&c->out, s->kits[--s->n_kits].out);
	c->x.response.lines = s->kits[s->n_kits].lines;
}

void conn_return_kit(struct conn *c)
{
	struct conn_service *s = c->service;
	struct conn_kit kit = {.out = outq_take_memory(&c->out)};

	response_reset(&c->x.response);
	kit.lines = c->x.response.lines;
	c->x.response.lines = (struct buf){0};
	buf_trim(&kit.lines, KEPT_LINES_BYTES);
	if (s->n_kits < CONN_KITS && kit.out.pieces)
		s->kits[s->n_kits++] = kit;
	else
		kit_free(&kit);
}

void conn_service_init(struct conn_service *s)
{
	static const struct forwarding trusting_nobody;
	static const unsigned durations_ms[DEADLINE_KINDS] = {
		[DEADLINE_HEAD] = HEAD_MS,     [DEADLINE_BODY] = BODY_MS,
		[DEADLINE_SEND] = SEND_MS,     [DEADLINE_KEEPALIVE] = KEEPALIVE_MS,
		[DEADLINE_LINGER] = LINGER_MS,
	};

	*s = (struct conn_service){.keep_alive = true, .forwarding = &trusting_nobody};
	list_init(&s->in_hand);
	deadlines_init(&s->deadlines);
	memcpy(s->deadlines.duration_ms, durations_ms, sizeof(durations_ms));
	s->limits = (struct http_limits){
		.line = 4094, .fields = 100, .field_bytes = 8190, .head = 128 * 1024};
	block_pool_init(&s->inputs, CONN_INPUT_BYTES, KEPT_INPUTS);
	block_pool_init(&s->blocks, BLOCK_BYTES, KEPT_BLOCKS);
	s->spool = (struct spool_store){.folder = "/tmp", .memory_max = SPOOL_MEMORY_BYTES};
	s->high_water_bytes = HIGH_WATER_BYTES;
	s->now_ms = clock_ms();
	s->server_line = RESPONSE_SERVER_LINE;
	http_date_set(&s->date, time(NULL));
}

void conn_service_share(struct conn_service *s, pthread_mutex_t *lock)
{
	s->lock = lock;
	s->blocks.lock = lock;
}

void conn_service_release(struct conn_service *s)
{
	while (s->n_kits > 0)
		kit_free(&s->kits[--s->n_kits]);
	block_pool_release(&s->inputs);
	block_pool_release(&s->blocks);
}

/* What the last one's address has been found to mean need not be found again. */
static void conn_set_peer(struct conn *c, const struct sockaddr *sa)
{
	struct conn_peer *last = &c->service->peer;
	bool is_known = sa && addr_ip_equal(sa, (const struct sockaddr *)&last->addr);

	if (is_known) {
		memcpy(c->remote_addr, last->text, sizeof(last->text));
		c->remote_port = addr_port(sa);
		c->trusted = last->trusted;
		return;
	}
	if (sa)
		addr_ip_text(sa, c->remote_addr, &c->remote_port);
	/* No address is that of a unix socket, or of a family we do not know. */
	c->trusted = (c->remote_addr[0] || !sa || sa->sa_family == AF_UNIX) &&
		     forwarding_trusts(c->service->forwarding, c->remote_addr);
	if (sa && c->remote_addr[0]) {
		memcpy(&last->addr, sa,
		       sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(last->addr));
		memcpy(last->text, c->remote_addr, sizeof(last->text));
		last->trusted = c->trusted;
	}
}

void conn_init(struct conn *c, struct conn_service *s, const struct io *io,
	       const struct listener *listener, const struct sockaddr *peer)
{
	memset(c, 0, sizeof(*c));
	c->service = s;
	c->listener = listener;
	c->io = *io;
	c->state = CONN_IDLE;
	c->may_read = true; /* most clients send their request with the handshake */
	c->want = WANT_READ;
	c->x.conn = c;
	list_init(&c->x.in_hand);
	list_init(&c->deadline.node);
	list_init(&c->run);
	arena_init(&c->arena, &s->blocks);
	spool_init(&c->x.body, &s->spool);
	c->x.spill_fd = -1; /* 0 would be somebody's descriptor */
	outq_init(&c->out);
	conn_set_peer(c, peer);
	/* A client that never sends anything is a slow head, not a kept one. */
	c->head_timed = true;
	deadline_set(&s->deadlines, &c->deadline, DEADLINE_HEAD, s->now_ms);
	s->connections++;
}

enum want conn_advance(struct conn *c)
{
	int want;

	do
		want = conn_steps[c->state](c);
	while (want == GO_ON);
	return (enum want)want;
}

/* There is one writer at a time. */
static void count_up(_Atomic uint64_t *counter)
{
	uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, count + 1, memory_order_relaxed);
}

static void set_busy(struct conn_service *s, unsigned count)
{
	atomic_store_explicit(&s->busy, count, memory_order_relaxed);
}

static enum app_step application_begin(struct conn *c)
{
	struct conn_service *s = c->service;

	c->x.running = true;
	c->x.started_us = s->timed ? clock_us() : 0;
	c->x.begun_ms = s->lock ? clock_ms() : s->now_ms;
	conn_service_lock(s);
	list_append(&s->in_hand, &c->x.in_hand);
	count_up(&s->requests);
	set_busy(s, conn_service_busy(s) + 1);
	if (s->begun)
		s->begun(&c->x, s->told_data);
	conn_service_unlock(s);
	c->requests++;
	return s->app->ops->start(s->app, &c->x);
}

static void application_end(struct conn *c)
{
	struct conn_service *s = c->service;
	struct exchange *x = &c->x;

	if (s->answered && !x->taken)
		s->answered(x, s->told_data);
	s->app->ops->finish(s->app, x);
	x->running = false;
	conn_service_lock(s);
	list_remove(&x->in_hand);
	set_busy(s, conn_service_busy(s) - 1);
	if (s->finished)
		s->finished(x, s->told_data);
	conn_service_unlock(s);
	if (x->ended) { /* a thread of the application still waits for the client */
		*x->ended = true;
		x->ended = NULL;
	}
	if (!x->body_complete)
		c->unread = true; /* the rest of it comes, and is nothing to us */
	c->keep = x->response.keep_alive && !x->aborted && x->body_complete;
	/* The client may not know yet that we shall close. */
	if (!c->keep && x->request.keep_alive)
		c->unread = true;
}

/* Everything but the storage goes back to where it came from. */
static void conn_release(struct conn *c)
{
	struct conn_service *s = c->service;

	if (c->app_data && s->app->ops->forget)
		s->app->ops->forget(s->app, c);
	deadline_clear(&c->deadline);
	list_remove(&c->run);
	outq_clear(&c->out);
	conn_end_exchange(c);
	if (s->closing)
		s->closing(c);
	io_close(&c->io, c->reset);
	s->connections--;
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	if (c->x.running)
		application_end(c);
	c->state = CONN_CLOSED;
	c->in_start = c->in_end = c->head_end = 0;
	conn_release(c);
}

void conn_run(struct conn *c)
{
	struct conn_service *s = c->service;
	enum app_step step = APP_DONE;

	assert(c->state == CONN_APP);
	if (!c->x.running)
		step = application_begin(c);
	else if (!c->lost)
		step = s->app->ops->more(s->app, &c->x);

	if (step != APP_DONE && !c->lost && !c->x.aborted) {
		conn_set_state(c, CONN_FLUSH);
	} else {
		application_end(c);
		conn_set_state(c, CONN_DRAIN);
	}
}

void conn_run_whole(struct conn *c)
{
	for (conn_run(c); c->state == CONN_FLUSH; conn_run(c)) {
		/* PEP 3333: what there is goes out before the next piece is asked for.  If the
		 * client is gone, the application learns of it. */
		conn_write_all(c);
		assert(!c->x.pause); /* such an application waits where it is */
		conn_set_state(c, CONN_APP);
	}
}

bool conn_may_begin(struct conn *c)
{
	c->lost = io_is_lost(&c->io);
	return !c->lost;
}

/* Between two requests: nothing has come, and nothing is held that others may need. */
static bool is_at_rest(const struct conn *c)
{
	return c->keep && c->in_start == c->in_end && !c->eof && !c->may_read && c->x.body.fd < 0;
}

/* What is large is left to the driver, as are files: other applications can run while it
 * is copied. */
bool conn_write_now(struct conn *c)
{
	if (c->state != CONN_DRAIN || c->out.bytes > WRITE_NOW_BYTES || outq_next_file(&c->out))
		return false;
	return conn_write(c) == 0 && is_at_rest(c);
}

enum want conn_resume(struct conn *c, bool ready)
{
	assert(c->state == CONN_PAUSE && c->x.pause);
	c->x.pause->ready = ready;
	c->x.pause = NULL;
	return conn_advance(c);
}

enum want conn_application(struct conn *c)
{
	assert(list_empty(&c->deadline.node));
	conn_run(c);
	return conn_advance(c);
}

/* The deadline has passed, and what it was for has not come. */
static enum want conn_give_up(struct conn *c)
{
	deadline_clear(&c->deadline);
	switch (c->state) {
	case CONN_HEAD:
	case CONN_SPOOL:
		conn_refuse(c, HTTP_ERR_TIMEOUT);
		return conn_advance(c);
	case CONN_FLUSH:
	case CONN_DRAIN:
		c->lost = true;
		return conn_advance(c);
	default:
		conn_close(c);
		return WANT_CLOSE;
	}
}

enum want conn_expire(struct conn *c)
{
	enum want want;

	/* Time may have passed in an application while the bytes were here. */
	c->may_read = true;
	want = conn_advance(c);
	if (want == WANT_CLOSE || list_empty(&c->deadline.node) ||
	    c->deadline.at_ms > c->service->now_ms)
		return want;
	return conn_give_up(c);
}
