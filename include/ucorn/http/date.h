/* The Date field, formatted once a second (RFC 9110 5.6.7). */
#ifndef UCORN_HTTP_DATE_H
#define UCORN_HTTP_DATE_H

#include <time.h>

#include "ucorn/util/base.h"

enum { HTTP_DATE_LEN = 29 };

struct http_date {
	time_t second;
	char text[HTTP_DATE_LEN + 1]; /* Sun, 06 Nov 1994 08:49:37 GMT */
};

/* Formats now into d unless d already has that second. */
void http_date_set(struct http_date *d, time_t now);

#endif
