/* What libFuzzer and the replay program call, and what the targets share.
 *
 * A target that reads HTTP begins with FUZZ_CONTROL_BYTES bytes that choose settings
 * and cuts; with all of them 0 everything is as by default.  So a file of the request
 * corpus behind as many zeros is an input. */
#ifndef UCORN_TESTS_FUZZ_H
#define UCORN_TESTS_FUZZ_H

#include "ucorn/http/request.h"

enum { FUZZ_CONTROL_BYTES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Takes the control bytes off the input; those that are missing are 0. */
static inline struct slice fuzz_take_control(const uint8_t *bytes, size_t len,
					     uint8_t control[FUZZ_CONTROL_BYTES])
{
	size_t n = len < FUZZ_CONTROL_BYTES ? len : FUZZ_CONTROL_BYTES;

	memset(control, 0, FUZZ_CONTROL_BYTES);
	if (len == 0)
		return SLICE("");
	memcpy(control, bytes, n);
	return slice_of((const char *)bytes + n, len - n);
}

/* Small limits and the server's own ones, and each leniency. */
static inline struct http_limits fuzz_limits(uint8_t sizes, uint8_t lenient)
{
	static const size_t lines[] = {4094, 0, 40, 1}, fields[] = {100, 0, 5, 1},
			    field_bytes[] = {8190, 0, 40, 3};

	return (struct http_limits){
		.line = lines[sizes & 3],
		.fields = fields[sizes >> 2 & 3],
		.field_bytes = field_bytes[sizes >> 4 & 3],
		.lenient =
			{
				.folding = lenient & 1,
				.name_blanks = lenient & 2,
				.any_method = lenient & 4,
				.any_version = lenient & 8,
				.casefold_method = lenient & 16,
			},
	};
}

#endif
