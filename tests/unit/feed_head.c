/* Each byte of a head comes alone, or behind all of the others. */
#include "feed_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

void run_init(struct run *run, const struct http_limits *l)
{
	*run = (struct run){0};
	block_pool_init(&run->pool, 4096, 4);
	arena_init(&run->arena, &run->pool);
	http_reader_start(&run->reader, l, &run->arena);
}

void run_release(struct run *run)
{
	arena_reset(&run->arena);
	block_pool_release(&run->pool);
	free(run->bytes);
}

/* Feeds the first len bytes of input. */
void run_feed(struct run *run, struct slice input, size_t len)
{
	char *bytes = malloc(len > 0 ? len : 1);
	struct outcome *o = &run->outcome;

	assert_non_null(bytes);
	memcpy(bytes, input.base, len);
	o->read = http_reader_feed(&run->reader, slice_of(bytes, len), &o->req);
	o->head_len = run->reader.head_len;
	o->error = run->reader.error;
	free(run->bytes);
	run->bytes = bytes;
}

/* Feeds in two parts, or byte by byte; stops at a verdict. */
static void run_cut(struct run *run, struct slice input, size_t cut)
{
	run_feed(run, input, cut);
	if (run->outcome.read == HTTP_READ_MORE)
		run_feed(run, input, input.len);
}

static void run_bytewise(struct run *run, struct slice input)
{
	for (size_t len = 1; len <= input.len; len++) {
		run_feed(run, input, len);
		if (run->outcome.read != HTTP_READ_MORE)
			break;
	}
}

static void print_input(struct slice input)
{
	for (size_t i = 0; i < input.len; i++) {
		unsigned char c = (unsigned char)input.base[i];

		if (c >= 0x20 && c < 0x7f)
			print_error("%c", c);
		else
			print_error("\\x%02x", c);
	}
	print_error("\n");
}

void assert_verdict(const struct run *run, struct slice input, enum http_error error,
		    const char *how, size_t cut)
{
	enum http_read read = error == HTTP_ERR_NONE ? HTTP_READ_HEAD : HTTP_READ_BAD;

	if (run->outcome.read != read || run->outcome.error != error) {
		print_input(input);
		fail_msg("%s %zu: read %d, error %d instead of %d", how, cut, run->outcome.read,
			 run->outcome.error, error);
	}
}

/* Runs check, if any, on each outcome. */
void feed_limited(const struct http_limits *l, struct slice input, enum http_error error,
		  void (*check)(const struct outcome *, struct slice))
{
	struct run run;

	for (size_t cut = 0; cut <= input.len + 1; cut++) {
		run_init(&run, l);
		if (cut <= input.len)
			run_cut(&run, input, cut);
		else
			run_bytewise(&run, input);
		assert_verdict(&run, input, error, "cut at", cut);
		if (check)
			check(&run.outcome, input);
		run_release(&run);
	}
}

void check_whole_input(const struct outcome *o, struct slice input)
{
	assert_int_equal(o->head_len, input.len);
}

void assert_value(const struct outcome *o, struct slice name, struct slice value)
{
	const struct http_field *field = http_request_field(&o->req, name);

	assert_non_null(field);
	if (!slice_eq(field->value, value))
		fail_msg("%.*s", (int)field->value.len, field->value.base);
}
