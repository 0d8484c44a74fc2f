/* The whole connection machine with the echo application, fed with anything, at any
 * pace.
 *
 * Control: 0 the service, 1 how long a run each byte FE stands for, 2 limits,
 * 3 leniency, 4 the largest body, 5 how bytes come while the application waits for
 * them, 6 bytes taken per write, 7 how many bytes of script follow; the rest is what the
 * client sends.  The conversation is held twice: all at once, and by the script.
 *
 * Holds for every input: the machine comes to rest, never waits without a deadline,
 * holds no buffer between requests, and closes in the end; each start has its finish,
 * nothing leaks, neither memory nor descriptors.  The requests that were run are those
 * that stand in the input, one behind the other.  The output is a sequence of well
 * framed responses, one for each request that was run and at most one refusal, and
 * nothing follows the one that says close.  Where the script leaves clock, client and
 * server alone, the answers do not depend on it. */
#include <errno.h>
#include <unistd.h>

#include "echo_app.h"
#include "fuzz.h"
#include "mem_client.h"
#include "require.h"
#include "ucorn/util/log.h"
#include "wire.h"

enum {
	RUN = 0xfe,    /* in the input: a run of letters, so that short inputs fill buffers */
	RUN_STEP = 16, /* its length by control byte 1; 0: just that byte */
	INPUT_MAX = 256 << 10, /* with its runs */
};

/* Of control byte 0. */
enum {
	NO_KEEP_ALIVE = 1,
	SMALL_MEMORY = 2, /* bodies go to files soon */
	SMALL_FILES = 4,  /* and there is little room in them */
	CAN_WAIT = 8,
	STREAM_BODIES = 16, /* with CAN_WAIT */
	NO_HIGH_WATER = 32,
	FORWARDING = 64,
	MIN_RATE = 128,
};

/* A request that was run. */
struct answer {
	bool is_head, keep_alive, aborted; /* keep_alive: what the client wants */
	size_t method_len, target_len;
	uint64_t hash; /* of method and target */
	uint64_t body_bytes;
	bool body_complete;
};

/* One conversation. */
struct scene {
	const uint8_t *control;
	struct conn_service service;
	struct app app;
	struct echo_app echo;
	struct forwarding forwarding;
	_Atomic uint64_t filed_all, filed_own;
	struct mem_client client;
	struct buf answers; /* of struct answer */
	unsigned taken;	    /* requests that are not among them */
	bool disturbed;	    /* clock, client or server may have cut it short */
};

static uint64_t hash_of(const struct http_request *req)
{
	uint64_t hash = 5381;

	for (size_t i = 0; i < req->method.len; i++)
		hash = hash * 33 + (unsigned char)req->method.base[i];
	for (size_t i = 0; i < req->target.len; i++)
		hash = hash * 33 + (unsigned char)req->target.base[i];
	return hash;
}

static void on_answered(struct exchange *x, void *data)
{
	struct scene *s = data;
	const struct http_request *req = &x->request;
	struct answer a = {
		.is_head = req->is_head,
		.keep_alive = req->keep_alive,
		.aborted = x->aborted,
		.method_len = req->method.len,
		.target_len = req->target.len,
		.hash = hash_of(req),
		.body_bytes = x->conn->decoder.received,
		.body_complete = x->body_complete,
	};

	if (req->body == HTTP_BODY_NONE)
		a.body_bytes = 0;
	require(buf_append(&s->answers, &a, sizeof(a)) == 0, "there is memory");
}

/* ---- the application: reads bodies that are still coming, then echoes */

static enum app_step answer_streamed(struct exchange *x)
{
	struct buf body = {0};
	char block[33];
	ssize_t n;
	int rc;

	do {
		while ((n = spool_read(&x->body, block, sizeof(block))) > 0)
			require(buf_append(&body, block, (size_t)n) == 0, "there is memory");
		rc = n < 0 ? (int)n : exchange_body_more(x);
	} while (rc > 0);
	if (rc < 0)
		exchange_fail(x, HTTP_ERR_APPLICATION, slice_of(NULL, 0));
	else if (response_start(&x->response, SLICE("200 OK")) == RESPONSE_OK &&
		 exchange_head(x, (int64_t)body.len) == 0 &&
		 exchange_send(x, buf_slice(&body), NULL, NULL) == 0)
		exchange_end(x);
	buf_release(&body);
	return APP_DONE;
}

/* Reads what there is of the request's body and once more, but not whether it ends
 * there. */
static void read_some(struct exchange *x)
{
	char block[64];
	int rc = 1;

	for (unsigned i = 0; i < 2 && rc > 0; i++) {
		while (spool_read(&x->body, block, sizeof(block)) > 0)
			;
		if (i == 0)
			rc = exchange_body_more(x);
	}
}

/* /odd/SLP: a status, a Content-Length that need not be true, and pieces; each a byte
 * of which some bits say which.  Bit 3 of P: some of the request's body is read before. */
static enum app_step answer_odd(struct exchange *x)
{
	static const struct slice statuses[] = {
		{"200 OK", 6}, {"204", 3}, {"304 Not Modified", 16}, {"500 ", 4}};
	const char *byte = x->request.target.base + strlen("/odd/");
	unsigned length = (unsigned char)byte[1] & 15, pieces = (unsigned char)byte[2] & 7;
	char digits[4];
	int n = snprintf(digits, sizeof(digits), "%u", length);

	if (byte[2] & 8)
		read_some(x);
	require(response_start(&x->response, statuses[byte[0] & 3]) == RESPONSE_OK, "it is good");
	if (length < 15)
		require(response_field(&x->response, SLICE("Content-Length"),
				       slice_of(digits, (size_t)n)) == RESPONSE_OK,
			"it is good");
	for (unsigned i = 0; i < pieces; i++)
		if (exchange_send(x, SLICE("odd"), NULL, NULL) < 0)
			return APP_DONE;
	exchange_end(x);
	return APP_DONE;
}

static bool is_odd(struct slice target)
{
	return slice_starts(target, SLICE("/odd/")) && target.len == strlen("/odd/SLP");
}

static enum app_step app_start(struct app *app, struct exchange *x)
{
	struct scene *s = container_of(app, struct scene, app);

	if (slice_eq(x->request.target, SLICE("/take"))) {
		s->echo.started++;
		s->taken++;
		exchange_let_go(x);
		return APP_DONE;
	}
	if (is_odd(x->request.target)) {
		s->echo.started++;
		s->disturbed |= !x->body_complete; /* how much had come when it ended shows */
		return answer_odd(x);
	}
	/* Not by body_complete: how much had come when it began must not show. */
	if (!s->service.wait || x->request.body == HTTP_BODY_NONE)
		return s->echo.app.ops->start(&s->echo.app, x);
	s->echo.started++;
	return answer_streamed(x);
}

static enum app_step app_more(struct app *app, struct exchange *x)
{
	struct scene *s = container_of(app, struct scene, app);

	return s->echo.app.ops->more(&s->echo.app, x);
}

static void app_finish(struct app *app, struct exchange *x)
{
	struct scene *s = container_of(app, struct scene, app);

	/* No room for what could not be sent at once. */
	s->disturbed |= s->service.spool.limit > 0 && x->aborted && x->conn->lost;
	s->echo.app.ops->finish(&s->echo.app, x);
}

static const struct app_ops app_ops = {
	.start = app_start,
	.more = app_more,
	.finish = app_finish,
};

static void come(struct io_mem *m, size_t n)
{
	m->available += m->input.len - m->available < n ? m->input.len - m->available : n;
}

/* The client goes on while the application waits for it. */
static int wait_for_client(struct conn *c, enum want want, unsigned timeout_ms)
{
	struct scene *s = container_of(c, struct scene, client.conn);
	struct io_mem *m = &s->client.mem;
	size_t step = 1 + s->control[5] % 64;

	UNUSED(timeout_ms);
	if (s->control[5] >= 240) {
		s->disturbed = true;
		return -ETIMEDOUT;
	}
	if (want == WANT_WRITE ? m->send_error : m->recv_error)
		return 0; /* poll says so too: the call will tell */
	if (want == WANT_WRITE)
		m->send_budget += m->send_budget < SIZE_MAX - step ? step : 0;
	else if (m->available < m->input.len)
		come(m, step);
	else
		m->eof = true;
	return 0;
}

/* ---- the script: three bits say what happens, five how much */

enum {
	OP_COME,      /* so many bytes and one */
	OP_COME_MANY, /* 50 times as many */
	OP_ROOM,      /* the client takes so many more, and no more than that */
	OP_TAKE,      /* at most so many per write; 0: no limit */
	OP_TIME,      /* so many seconds go by */
	OP_EXPIRE,    /* what the connection waits for does not come */
	OP_CLOSE,     /* the client has said all */
	OP_GONE,      /* the client is gone, or the server has enough: see gone() */
};

static void expire(struct scene *s)
{
	struct mem_client *cl = &s->client;

	s->disturbed = true;
	if (cl->want != WANT_CLOSE && cl->conn.deadline.at_ms <= s->service.now_ms)
		cl->want = conn_expire(&cl->conn);
}

static void gone(struct scene *s, unsigned how)
{
	struct mem_client *cl = &s->client;

	s->disturbed = true;
	if (how & 1)
		cl->mem.recv_error = -ECONNRESET;
	if (how & 2)
		cl->mem.send_error = -EPIPE;
	if (how & 4)
		s->service.leaving = true;
	if (how & 8 && cl->want != WANT_CLOSE) {
		conn_close(&cl->conn);
		cl->want = WANT_CLOSE;
	}
}

static void perform(struct scene *s, uint8_t op)
{
	struct io_mem *m = &s->client.mem;
	unsigned much = op & 31;

	switch (op >> 5) {
	case OP_COME:
		come(m, much + 1);
		break;
	case OP_COME_MANY:
		come(m, 50 * (much + 1));
		break;
	case OP_ROOM:
		m->send_budget = much;
		break;
	case OP_TAKE:
		m->send_max = much;
		break;
	case OP_TIME:
		s->service.now_ms += 1000 * much;
		expire(s);
		break;
	case OP_EXPIRE:
		if (s->service.now_ms < s->client.conn.deadline.at_ms)
			s->service.now_ms = s->client.conn.deadline.at_ms;
		expire(s);
		break;
	case OP_CLOSE:
		m->input.len = m->available;
		m->eof = true;
		break;
	case OP_GONE:
		gone(s, much);
		break;
	}
}

/* Goes on until nothing can be done, and looks at how the machine rests. */
static void settle(struct scene *s)
{
	struct mem_client *cl = &s->client;

	mem_client_run(cl);
	if (cl->want == WANT_CLOSE)
		return;
	require(!list_empty(&cl->conn.deadline.node), "what is waited for has a deadline");
	require(!conn_is_idle(&cl->conn) || !cl->conn.in, "an idle connection has no buffer");
	require(s->service.busy == (cl->conn.x.running ? 1 : 0), "busy is counted");
}

static void play(struct scene *s, struct slice script, struct slice input)
{
	struct mem_client *cl = &s->client;
	size_t answered;

	mem_client_init(cl, &s->service, input, script.len > 0 ? 0 : input.len);
	cl->mem.send_max = script.len > 0 ? s->control[6] : 0;
	settle(s);
	for (size_t i = 0; i < script.len && cl->want != WANT_CLOSE; i++) {
		perform(s, (uint8_t)script.base[i]);
		settle(s);
	}
	cl->mem.send_budget = SIZE_MAX;
	cl->mem.available = cl->mem.input.len;
	settle(s);
	answered = cl->mem.output.len;
	cl->mem.eof = true;
	mem_client_run(cl);
	require(cl->want == WANT_CLOSE && cl->mem.closed, "in the end it closes");
	require(cl->mem.output.len == answered, "no answer waits for the end of input");
}

/* ---- what has to hold afterwards */

/* Takes the request that a is said to be off the input. */
static void check_request(struct scene *s, const struct answer *a, struct slice *rest,
			  struct arena *arena)
{
	enum http_body_step step = HTTP_BODY_END;
	struct http_reader reader;
	struct http_request req;
	struct http_body body;
	enum http_error error;
	struct slice data;
	size_t used;

	http_reader_start(&reader, &s->service.limits, arena);
	require(http_reader_feed(&reader, *rest, &req) == HTTP_READ_HEAD,
		"what was run is in the input");
	require(req.method.len == a->method_len && req.target.len == a->target_len &&
			hash_of(&req) == a->hash && req.is_head == a->is_head,
		"what was run is what comes next in the input");
	*rest = slice_of(rest->base + reader.head_len, rest->len - reader.head_len);
	if (!a->body_complete)
		return;
	http_body_init(&body, &req, s->service.limits.body);
	do {
		step = http_body_decode(&body, *rest, &used, &data, &error);
		*rest = slice_of(rest->base + used, rest->len - used);
	} while (step == HTTP_BODY_DATA);
	require(step == HTTP_BODY_END && body.received == a->body_bytes, "its body was complete");
}

/* The requests that were run, read once more straight from the input. */
static void check_requests(struct scene *s, struct slice rest)
{
	const struct answer *answers = (const void *)s->answers.base;
	size_t n = s->answers.len / sizeof(*answers);
	struct arena arena;

	arena_init(&arena, &s->service.blocks);
	for (size_t i = 0; i < n; i++) {
		check_request(s, &answers[i], &rest, &arena);
		require(answers[i].body_complete || i == n - 1, "half a request is the last");
		arena_reset(&arena);
	}
}

/* Reads the output as a client would; final gets the final responses. */
static void check_output(const struct scene *s, struct buf *final)
{
	const struct answer *answers = (const void *)s->answers.base;
	size_t n = s->answers.len / sizeof(*answers), seen = 0;
	struct slice wire = buf_slice(&s->client.mem.output);
	bool is_over = false;

	while (wire.len > 0) {
		const struct answer *a = seen < n ? &answers[seen] : NULL;
		enum wire_body expected = !a	       ? WIRE_MAYBE_BODY
					  : a->is_head ? WIRE_NO_BODY
						       : WIRE_BODY;
		struct wire_response r;
		enum wire_end end = wire_response(&wire, expected, &r);

		require(!is_over, "nothing follows the last answer");
		require(end != WIRE_MALFORMED, "responses are well formed");
		if (end == WIRE_CUT) {
			require(s->disturbed || (a && a->aborted), "responses are complete");
			break;
		}
		if (r.status == 100) {
			require(slice_eq(r.head, SLICE("HTTP/1.1 100 Continue\r\n\r\n")),
				"an interim response is as it is");
			continue;
		}
		require(a || (r.status >= 400 && r.is_last), "who refuses closes");
		require(r.is_last || a->keep_alive, "the client's wish to close is heard");
		require(buf_append_slice(final, r.head) == 0 &&
				buf_append_slice(final, r.body) == 0,
			"there is memory");
		is_over = r.is_last;
		seen++;
	}
	require(seen <= n + 1, "there is at most one refusal");
	require(s->disturbed || seen + 1 >= n, "what was run was answered");
	require(seen <= 1 || s->service.keep_alive, "keep-alive can be switched off");
}

/* ---- */

static void scene_init(struct scene *s, const uint8_t *control)
{
	static const struct forwarding_texts texts = {
		.allow_ips = "127.0.0.1",
		.forwarder_headers = "X_FORWARDED_USER,path_info",
		.header_map = "refuse",
		.scheme_headers = "X-FORWARDED-PROTOCOL=ssl,X-FORWARDED-PROTO=https",
	};
	unsigned flags = control[0];
	struct conn_service *service = &s->service;
	struct err err;

	*s = (struct scene){.control = control, .app.ops = &app_ops};
	echo_app_init(&s->echo);
	conn_service_init(service);
	service->app = &s->app;
	service->now_ms = 1000000;
	http_date_set(&service->date, 784111777);
	service->answered = on_answered;
	service->told_data = s;
	service->limits = fuzz_limits(control[2], control[3]);
	service->limits.body = control[4];
	service->keep_alive = !(flags & NO_KEEP_ALIVE);
	service->spool.all = &s->filed_all;
	service->spool.own = &s->filed_own;
	if (flags & SMALL_MEMORY)
		service->spool.memory_max = 16;
	if (flags & SMALL_FILES)
		service->spool.limit = 64;
	if (flags & CAN_WAIT)
		service->wait = wait_for_client;
	service->stream_bodies = (flags & CAN_WAIT) && (flags & STREAM_BODIES);
	if (flags & NO_HIGH_WATER)
		service->high_water_bytes = 0;
	if (flags & MIN_RATE)
		service->body_min_rate = 100;
	if (flags & FORWARDING) {
		require(forwarding_init(&s->forwarding, &texts, &err) == 0, "texts are good");
		service->forwarding = &s->forwarding;
	}
}

/* Checks the scene and lets go of it; gives the final responses. */
static struct buf scene_end(struct scene *s, struct slice input)
{
	struct buf final = {0};

	require(s->echo.started == s->echo.finished, "each start has its finish");
	require(s->echo.borrowed == s->echo.released, "what was borrowed is given back");
	require(s->service.connections == 0 && s->service.busy == 0, "the counters are at 0");
	require(s->service.requests == s->answers.len / sizeof(struct answer) + s->taken,
		"each request is counted");
	require(s->taken <= 1, "nothing is run once the connection was given away");
	require(s->filed_all == 0 && s->filed_own == 0, "no file is counted any more");
	check_requests(s, input);
	check_output(s, &final);
	mem_client_release(&s->client);
	buf_release(&s->answers);
	forwarding_release(&s->forwarding);
	conn_service_release(&s->service);
	return final;
}

static struct buf expand(struct slice input, uint8_t length)
{
	char letters[RUN_STEP * UINT8_MAX];
	struct buf out = {0};

	memset(letters, 'a', sizeof(letters));
	for (size_t i = 0; i < input.len && out.len < INPUT_MAX; i++) {
		bool is_run = length > 0 && (unsigned char)input.base[i] == RUN;

		require(buf_append(&out, is_run ? letters : &input.base[i],
				   is_run ? (size_t)RUN_STEP * length : 1) == 0,
			"there is memory");
	}
	return out;
}

static int lowest_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static void require_same(struct slice at_once, struct slice by_script)
{
	if (slice_eq(at_once, by_script))
		return;
	fprintf(stderr, "--- at once\n%.*s\n--- by the script\n%.*s\n---\n", (int)at_once.len,
		at_once.base, (int)by_script.len, by_script.base);
	require(false, "the answers do not depend on the pace");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t control[FUZZ_CONTROL_BYTES];
	struct slice input = fuzz_take_control(bytes, len, control), script;
	int descriptor = lowest_descriptor();
	struct scene whole, scripted;
	struct buf at_once, by_script, expanded;

	log_set_level(LOG_CRITICAL);
	script = slice_of(input.base, control[7] < input.len ? control[7] : input.len);
	expanded = expand(slice_of(input.base + script.len, input.len - script.len), control[1]);
	input = buf_slice(&expanded);
	if (script.len == 0)
		script = SLICE("\0\x61\x00\x03\x3f\x00"); /* some cuts */

	scene_init(&scripted, control);
	play(&scripted, script, input);
	input = scripted.client.mem.input; /* the script may have ended it early */
	by_script = scene_end(&scripted, input);
	scene_init(&whole, control);
	play(&whole, slice_of(NULL, 0), input);
	at_once = scene_end(&whole, input);

	if (!scripted.disturbed && !whole.disturbed)
		require_same(buf_slice(&at_once), buf_slice(&by_script));
	require(lowest_descriptor() == descriptor, "no descriptor is left open");
	buf_release(&at_once);
	buf_release(&by_script);
	buf_release(&expanded);
	return 0;
}
