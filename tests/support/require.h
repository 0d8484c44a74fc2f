/* What has to hold in a test program: an assert that release builds keep. */
#ifndef UCORN_TESTS_REQUIRE_H
#define UCORN_TESTS_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#include "ucorn/util/base.h"

static inline void require(bool holds, const char *what)
{
	if (LIKELY(holds))
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

#endif
