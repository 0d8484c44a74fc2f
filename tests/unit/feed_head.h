/* Feeds request heads to a reader.  Every input is fed whole, cut at every byte,
 * and byte by byte; each time in memory of just its size and at a new place, so that reading
 * beyond it or keeping an old pointer shows. */
#ifndef UCORN_TESTS_FEED_HEAD_H
#define UCORN_TESTS_FEED_HEAD_H

#include "ucorn/http/reader.h"

#define HOST "Host: h\r\n"
#define GET  "GET / HTTP/1.1\r\n" HOST

struct outcome {
	enum http_read read;
	enum http_error error;
	size_t head_len;
	struct http_request req;
};

struct run {
	struct http_reader reader;
	struct block_pool pool;
	struct arena arena;
	char *bytes; /* as last fed */
	struct outcome outcome;
};

struct bad_head {
	const char *head;
	enum http_error error;
};

void run_init(struct run *run, const struct http_limits *limits);
void run_release(struct run *run);

/* Feeds the first len bytes of input. */
void run_feed(struct run *run, struct slice input, size_t len);

/* how and cut: how it was fed, for the message. */
void assert_verdict(const struct run *run, struct slice input, enum http_error error,
		    const char *how, size_t cut);

/* Runs check, if any, on each outcome. */
void feed_limited(const struct http_limits *limits, struct slice input, enum http_error error,
		  void (*check)(const struct outcome *, struct slice));

void check_whole_input(const struct outcome *o, struct slice input);

/* The first field of that name has that value. */
void assert_value(const struct outcome *o, struct slice name, struct slice value);

#endif
