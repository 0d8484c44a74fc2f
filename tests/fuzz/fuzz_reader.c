/* The reader of request heads, fed with anything.
 *
 * Control: 0 limits, 1 leniency, 2 and 3 where the input is cut.  Holds for every
 * input: the verdict and what is in the request do not depend on the cuts; what was
 * accepted lies in the head (or, tidied, in the arena), has no byte that could end
 * a line, frames its body in the one way its fields allow, and is accepted again
 * when written out anew, without any of the leniencies that are about form. */
#include "fuzz.h"
#include "require.h"
#include "ucorn/http/body.h"
#include "ucorn/http/reader.h"

struct run {
	struct http_limits limits;
	struct http_reader reader;
	struct block_pool pool;
	struct arena arena;
	char *bytes; /* as last fed: of just their size, at a new place each time */
	enum http_read read;
	struct http_request req;
};

static void run_init(struct run *run, const struct http_limits *limits)
{
	*run = (struct run){.limits = *limits};
	block_pool_init(&run->pool, 4096, 4);
	arena_init(&run->arena, &run->pool);
	http_reader_start(&run->reader, &run->limits, &run->arena);
}

static void run_release(struct run *run)
{
	arena_reset(&run->arena);
	block_pool_release(&run->pool);
	free(run->bytes);
}

/* The first len bytes of input have come. */
static void run_feed(struct run *run, struct slice input, size_t len)
{
	char *bytes = malloc(len > 0 ? len : 1);

	require(bytes != NULL, "there is memory");
	if (len > 0)
		memcpy(bytes, input.base, len);
	run->read = http_reader_feed(&run->reader, slice_of(bytes, len), &run->req);
	free(run->bytes);
	run->bytes = bytes;
}

/* The first bytes at once, then step by step. */
static void run_all(struct run *run, struct slice input, size_t first, size_t step)
{
	size_t len = first < input.len ? first : input.len;

	run_feed(run, input, len);
	while (run->read == HTTP_READ_MORE && len < input.len) {
		len = input.len - len < step ? input.len : len + step;
		run_feed(run, input, len);
	}
}

static void compare(const struct run *a, const struct run *b)
{
	const struct http_request *x = &a->req, *y = &b->req;

	require(a->read == b->read && a->reader.error == b->reader.error,
		"the verdict does not depend on the cuts");
	if (a->reader.lines > 0)
		require(x->is_head == y->is_head && x->minor == y->minor,
			"what is known of the request line does not depend on the cuts");
	if (a->read != HTTP_READ_HEAD)
		return;
	require(a->reader.head_len == b->reader.head_len, "the head's end does not");
	require(slice_eq(x->line, y->line) && slice_eq(x->method, y->method) &&
			slice_eq(x->target, y->target) && slice_eq(x->path, y->path) &&
			slice_eq(x->query, y->query) && slice_eq(x->version, y->version),
		"the request line does not");
	require(x->keep_alive == y->keep_alive && x->expect_continue == y->expect_continue &&
			x->upgrade == y->upgrade && x->body == y->body &&
			(x->body != HTTP_BODY_LENGTH || x->content_length == y->content_length),
		"the meaning of the fields does not");
	require(x->n_fields == y->n_fields, "the number of fields does not");
	for (size_t i = 0; i < x->n_fields; i++)
		require(slice_eq(x->fields[i].name, y->fields[i].name) &&
				slice_eq(x->fields[i].value, y->fields[i].value),
			"the fields do not");
}

/* ---- what holds for an accepted head */

static void check_slice(const struct run *run, struct slice s)
{
	const char *start = run->bytes, *end = run->bytes + run->reader.head_len;

	if (s.len == 0)
		return;
	for (size_t i = 0; i < s.len; i++)
		require(s.base[i] != '\r' && s.base[i] != '\n' && s.base[i] != '\0',
			"no byte in it ends a line");
	/* Elsewhere is the arena; what has been freed, the sanitizer knows. */
	require((s.base >= start && s.base + s.len <= end) || s.base >= end ||
			s.base + s.len <= start,
		"it is in the head or elsewhere, not across its end");
}

static void check_slices(const struct run *run)
{
	const struct http_request *req = &run->req;

	check_slice(run, req->line);
	check_slice(run, req->method);
	check_slice(run, req->target);
	check_slice(run, req->path);
	check_slice(run, req->query);
	check_slice(run, req->version);
	require(req->method.len > 0 && req->target.len > 0, "there is a method and a target");
	for (size_t i = 0; i < req->n_fields; i++) {
		struct slice value = req->fields[i].value;

		check_slice(run, req->fields[i].name);
		check_slice(run, value);
		require(req->fields[i].name.len > 0, "a field has a name");
		require(slice_trim(value).len == value.len, "no blanks are round a value");
	}
}

/* Counted anew, without the server's own code for it. */
static void check_framing(const struct http_request *req)
{
	unsigned lengths = 0, codings = 0, hosts = 0;
	uint64_t length = 0;

	for (size_t i = 0; i < req->n_fields; i++) {
		const struct http_field *f = &req->fields[i];

		if (slice_eq_nocase(f->name, SLICE("content-length"))) {
			require(slice_to_u64(f->value, &length) == 0, "a length is a number");
			lengths++;
		} else if (slice_eq_nocase(f->name, SLICE("transfer-encoding"))) {
			require(slice_eq_nocase(f->value, SLICE("chunked")), "it is chunked");
			codings++;
		} else if (slice_eq_nocase(f->name, SLICE("host"))) {
			hosts++;
		}
	}
	require(lengths + codings <= 1, "there is one framing at most");
	require(codings == 0 || req->minor > 0, "HTTP/1.0 knows no codings");
	require(hosts == 1 || (hosts == 0 && req->minor == 0), "there is one host");
	require(req->body == (codings	? HTTP_BODY_CHUNKED
			      : lengths ? HTTP_BODY_LENGTH
					: HTTP_BODY_NONE),
		"the framing is that of the fields");
	require(req->body != HTTP_BODY_LENGTH || req->content_length == length,
		"the length is that of the field");
}

static void write_out(struct buf *out, const struct http_request *req)
{
	int rc = buf_append_fmt(out, "%.*s %.*s %.*s\r\n", (int)req->method.len, req->method.base,
				(int)req->target.len, req->target.base, (int)req->version.len,
				req->version.base);

	for (size_t i = 0; rc == 0 && i < req->n_fields; i++)
		rc = buf_append_fmt(out, "%.*s: %.*s\r\n", (int)req->fields[i].name.len,
				    req->fields[i].name.base, (int)req->fields[i].value.len,
				    req->fields[i].value.base);
	require(rc == 0 && buf_append_slice(out, SLICE("\r\n")) == 0, "there is memory");
}

/* What was forgiven is gone: nobody behind us has to be as lenient. */
static void check_again(const struct run *first)
{
	struct http_limits limits = {
		.line = 1 << 20,
		.fields = 1 << 20,
		.field_bytes = 1 << 20,
		.lenient = {.any_method = first->limits.lenient.any_method,
			    .any_version = first->limits.lenient.any_version},
	};
	struct buf text = {0};
	struct run again;

	write_out(&text, &first->req);
	run_init(&again, &limits);
	run_feed(&again, buf_slice(&text), text.len);
	require(again.read == HTTP_READ_HEAD, "a head that is written out anew is accepted");
	require(again.reader.head_len == text.len, "it ends where it ends");
	check_slices(&again);
	again.reader.head_len = first->reader.head_len;
	again.req.line = first->req.line;
	compare(first, &again);
	run_release(&again);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t control[FUZZ_CONTROL_BYTES];
	struct slice input = fuzz_take_control(bytes, len, control);
	struct http_limits limits = fuzz_limits(control[0], control[1]);
	size_t cut = (control[2] | (size_t)control[3] << 8) % (input.len + 1);
	struct run whole, parts, single;

	run_init(&whole, &limits);
	run_init(&parts, &limits);
	run_init(&single, &limits);
	run_all(&whole, input, input.len, 1);
	run_all(&parts, input, cut, input.len);
	run_all(&single, input, 0, 1);
	compare(&whole, &parts);
	compare(&whole, &single);
	if (whole.read == HTTP_READ_HEAD) {
		require(whole.reader.head_len <= input.len, "the head is in the input");
		check_slices(&whole);
		check_framing(&whole.req);
		check_again(&whole);
	}
	run_release(&single);
	run_release(&parts);
	run_release(&whole);
	return 0;
}
