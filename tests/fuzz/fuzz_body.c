/* The decoder of request bodies, fed with anything.
 *
 * Control: 0 the framing, 1 and 2 where the input is cut, 3 and 4 the length, 5 the
 * limit.  A head before the body is skipped, so that whole requests are inputs too.
 * Holds for every input: the outcome does not depend on the cuts, what is given out
 * is what was announced, and for a body that is accepted, what a second, naive decoder
 * makes of it. */
#include "fuzz.h"
#include "require.h"
#include "ucorn/http/body.h"
#include "wire.h"

struct run {
	struct http_body body;
	struct buf given;
	size_t used;
	enum http_body_step step;
	enum http_error error;
};

/* The bytes from run->used up to end have come: decodes them until a verdict. */
static void run_feed(struct run *run, struct slice input, size_t end)
{
	struct slice data = {0};
	size_t used;

	do {
		struct slice in = slice_of(input.base + run->used, end - run->used);

		run->step = http_body_decode(&run->body, in, &used, &data, &run->error);
		require(used <= in.len, "no more is used than there is");
		run->used += used;
		if (run->step == HTTP_BODY_DATA) {
			require(data.len > 0 && data.base >= in.base &&
					data.base + data.len == in.base + used,
				"data is the input's last used part");
			require(buf_append_slice(&run->given, data) == 0, "there is memory");
		}
	} while (run->step == HTTP_BODY_DATA);
	if (run->step == HTTP_BODY_MORE)
		require(run->used == end, "all there is was used before more is asked for");
}

static void run_all(struct run *run, struct slice input, size_t first, size_t step)
{
	size_t end = first < input.len ? first : input.len;

	run_feed(run, input, end);
	while (run->step == HTTP_BODY_MORE && end < input.len) {
		end = input.len - end < step ? input.len : end + step;
		run_feed(run, input, end);
	}
	require(run->body.received == run->given.len, "what was given out was counted");
}

static void compare(const struct run *a, const struct run *b)
{
	require(a->step == b->step && a->error == b->error && a->used == b->used,
		"the outcome does not depend on the cuts");
	require(slice_eq(buf_slice(&a->given), buf_slice(&b->given)), "the data does not");
}

static void check(const struct run *run, const struct http_request *req, struct slice input)
{
	struct slice rest = slice_of(input.base, run->used);
	struct buf expected = {0};

	require(run->body.limit == 0 || run->given.len <= run->body.limit, "the limit holds");
	if (req->body == HTTP_BODY_LENGTH) {
		require(run->given.len <= req->content_length, "no more than the length");
		require(run->step != HTTP_BODY_END || run->given.len == req->content_length,
			"all of the length");
	} else if (run->step == HTTP_BODY_END) {
		require(wire_chunked(&rest, &expected) == WIRE_COMPLETE && rest.len == 0,
			"a naive decoder finds the same end");
		require(slice_eq(buf_slice(&expected), buf_slice(&run->given)),
			"a naive decoder gives the same data");
	}
	buf_release(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const uint64_t limits[] = {0, 1, 5, 100};
	uint8_t control[FUZZ_CONTROL_BYTES];
	struct slice input = fuzz_take_control(bytes, len, control);
	struct http_request req = {
		.body = control[0] & 1 ? HTTP_BODY_LENGTH : HTTP_BODY_CHUNKED,
		.content_length = control[3] | (uint64_t)control[4] << 8,
	};
	const char *blank = memmem(input.base, input.len, "\r\n\r\n", 4);
	struct run runs[3] = {0};
	size_t cut;

	if (blank && !(control[0] & 2)) {
		input.len -= (size_t)(blank + 4 - input.base);
		input.base = blank + 4;
	}
	cut = (control[1] | (size_t)control[2] << 8) % (input.len + 1);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		http_body_init(&runs[i].body, &req, limits[control[5] & 3]);
	run_all(&runs[0], input, input.len, 1);
	run_all(&runs[1], input, cut, input.len);
	run_all(&runs[2], input, 0, 1);
	compare(&runs[0], &runs[1]);
	compare(&runs[0], &runs[2]);
	check(&runs[0], &req, input);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		buf_release(&runs[i].given);
	return 0;
}
