/* The corpus of tests/http over the memory transport: each case whole, cut at every
 * byte and byte by byte, with writes of every size; and what its table promises.
 * The same cases go over real sockets in tests/functional/test_corpus.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "echo_app.h"
#include "mem_client.h"
#include "ucorn/util/log.h"

#define CORPUS "tests/http/"

static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* ---- files */

static bool file_exists(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (file)
		fclose(file);
	return file != NULL;
}

static struct buf file_read(const char *path)
{
	struct buf content = {0};
	FILE *file = fopen(path, "rb");
	char block[4096];
	size_t n;

	if (!file)
		fail_msg("%s cannot be read", path);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		assert_int_equal(buf_append(&content, block, n), 0);
	fclose(file);
	return content;
}

static void file_write(const char *path, struct slice content)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	if (content.len > 0)
		assert_int_equal(fwrite(content.base, 1, content.len, file), content.len);
	fclose(file);
}

/* ---- the table of cases */

enum { CASES_MAX = 1000 };

struct http_case {
	const char *name, *reference, *options, *shows; /* all point into table */
};

static struct buf table;
static struct http_case cases[CASES_MAX];
static size_t n_cases;

static int read_cases(void **state)
{
	const char *heading;
	char *rest, *line;

	UNUSED(state);
	table = file_read(CORPUS "cases.tsv");
	assert_int_equal(buf_append(&table, "", 1), 0);
	rest = table.base;
	heading = strsep(&rest, "\n");
	assert_string_equal(heading, "name\treference\toptions\twhat it shows");
	while ((line = strsep(&rest, "\n")) && *line) {
		struct http_case *c = &cases[n_cases++];

		assert_true(n_cases < CASES_MAX);
		c->name = strsep(&line, "\t");
		c->reference = strsep(&line, "\t");
		c->options = strsep(&line, "\t");
		c->shows = line;
		if (!c->shows || !*c->reference || !*c->shows)
			fail_msg("the row of %s is not complete", c->name);
	}
	return 0;
}

static int forget_cases(void **state)
{
	UNUSED(state);
	buf_release(&table);
	return 0;
}

static bool is_bad(const struct http_case *c)
{
	return strncmp(c->name, "bad-", 4) == 0;
}

static struct buf case_input(const struct http_case *c)
{
	char path[256];

	snprintf(path, sizeof(path), CORPUS "%s.http", c->name);
	return file_read(path);
}

/* ---- the server's side */

static struct echo_app echo;
static struct conn_service service;
static struct forwarding forwarding;

/* Flags that the cases use. */
static const struct {
	const char *flag;
	bool *field;
} switches[] = {
	{"--permit-obsolete-folding", &service.limits.lenient.folding},
	{"--strip-header-spaces", &service.limits.lenient.name_blanks},
	{"--permit-unconventional-http-method", &service.limits.lenient.any_method},
	{"--permit-unconventional-http-version", &service.limits.lenient.any_version},
	{"--casefold-http-method", &service.limits.lenient.casefold_method},
};

static const struct {
	const char *flag;
	size_t *field;
} numbers[] = {
	{"--limit-request-line", &service.limits.line},
	{"--limit-request-fields", &service.limits.fields},
	{"--limit-request-field_size", &service.limits.field_bytes},
	{"--limit-request-head", &service.limits.head},
};

static void set_value(const char *flag, const char *value, const char **header_map)
{
	uint64_t number = 0;

	if (!value)
		fail_msg("%s wants a value, or is not known to test_corpus.c", flag);
	if (strcmp(flag, "--header-map") == 0) {
		*header_map = value;
		return;
	}
	assert_int_equal(slice_to_u64(slice_from(value), &number), 0);
	if (strcmp(flag, "--limit-request-body") == 0) {
		service.limits.body = number;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(flag, numbers[i].flag) == 0) {
			*numbers[i].field = (size_t)number;
			return;
		}
	fail_msg("%s is not known to test_corpus.c", flag);
}

static bool set_switch(const char *flag)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (strcmp(flag, switches[i].flag) == 0) {
			*switches[i].field = true;
			return true;
		}
	return false;
}

/* The server with options; what proxies may say is as by default. */
static void serve(const char *options)
{
	struct forwarding_texts texts = {
		.allow_ips = "127.0.0.1,::1",
		.forwarder_headers = "SCRIPT_NAME,PATH_INFO",
		.header_map = "drop",
		.scheme_headers = "X-FORWARDED-PROTO=https,X-FORWARDED-SSL=on",
	};
	char copy[512], *rest = copy, *flag;
	struct err err;

	assert_true((size_t)snprintf(copy, sizeof(copy), "%s", options) < sizeof(copy));
	echo_app_init(&echo);
	conn_service_init(&service);
	service.app = &echo.app;
	service.now_ms = 1000;
	http_date_set(&service.date, 784111777);
	while ((flag = strsep(&rest, " ")) && *flag)
		if (!set_switch(flag))
			set_value(flag, strsep(&rest, " "), &texts.header_map);
	assert_int_equal(forwarding_init(&forwarding, &texts, &err), 0);
	service.forwarding = &forwarding;
}

/* Nothing is left, and each start had its finish. */
static void stop(void)
{
	assert_int_equal(service.connections, 0);
	assert_int_equal(service.busy, 0);
	assert_int_equal(echo.started, echo.finished);
	assert_int_equal(echo.borrowed, echo.released);
	conn_service_release(&service);
	forwarding_release(&forwarding);
}

/* ---- one case at every pace */

/* Whether a client is told to go on depends on how much of its body has come; where
 * that may happen, the case's name says so. */
static void drop_interim(const struct http_case *c, struct buf *answer)
{
	const size_t len = sizeof(interim) - 1;
	char *at;

	if (!strstr(c->name, "continue"))
		return;
	while (answer->len > 0 && (at = memmem(answer->base, answer->len, interim, len))) {
		memmove(at, at + len, (size_t)(answer->base + answer->len - at) - len);
		answer->len -= len;
	}
}

static struct buf converse(struct slice input, size_t first, size_t step, size_t send_max)
{
	return mem_converse(&service, input, (struct mem_pace){first, step, send_max});
}

struct pace {
	const char *how;
	size_t number, first, step, send_max;
};

static void check_pace(const struct http_case *c, struct slice input, struct slice expected,
		       struct pace pace)
{
	struct buf got = converse(input, pace.first, pace.step, pace.send_max);

	drop_interim(c, &got);
	if (!slice_eq(buf_slice(&got), expected))
		fail_msg("%s (%s), %s %zu:\n--- expected\n%.*s\n--- got\n%.*s\n---", c->name,
			 c->shows, pace.how, pace.number, (int)expected.len, expected.base,
			 (int)got.len, got.base);
	buf_release(&got);
}

/* Every cut with all written at once and with one size of writes, each size in its
 * turn; every size of writes for the whole input. */
static void check_paces(const struct http_case *c, struct slice input, struct slice expected)
{
	for (size_t cut = 0; cut <= input.len; cut++) {
		size_t size = 1 + cut % (expected.len + 1);

		check_pace(c, input, expected, (struct pace){"cut at", cut, cut, input.len, 0});
		check_pace(c, input, expected, (struct pace){"cut at", cut, cut, input.len, size});
	}
	for (size_t size = 1; size <= expected.len; size++)
		check_pace(c, input, expected,
			   (struct pace){"writes of", size, input.len, 1, size});
	for (size_t size = 0; size < 3; size++)
		check_pace(c, input, expected,
			   (struct pace){"byte by byte, writes of", size, 0, 1, size});
}

static void expect_path(const struct http_case *c, char *path, size_t size)
{
	assert_true((size_t)snprintf(path, size, CORPUS "%s.expect", c->name) < size);
}

/* What the server should say; written down now if it is not there and is asked for. */
static struct buf expectation(const struct http_case *c, struct slice input)
{
	char path[256];

	expect_path(c, path, sizeof(path));
	if (!file_exists(path) && getenv("UCORN_WRITE_EXPECT")) {
		struct buf got = converse(input, input.len, 1, 0);

		drop_interim(c, &got);
		file_write(path, buf_slice(&got));
		buf_release(&got);
	}
	return file_read(path);
}

static void test_cases_at_every_pace(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < n_cases; i++) {
		struct buf input = case_input(&cases[i]), expected;

		serve(cases[i].options);
		expected = expectation(&cases[i], buf_slice(&input));
		check_pace(&cases[i], buf_slice(&input), buf_slice(&expected),
			   (struct pace){.how = "whole", .first = input.len});
		check_paces(&cases[i], buf_slice(&input), buf_slice(&expected));
		stop();
		buf_release(&expected);
		buf_release(&input);
	}
}

/* A refused request never reaches the application, nor does what follows it. */
static void test_nothing_runs_after_an_error(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < n_cases; i++) {
		struct buf input, got;

		if (!is_bad(&cases[i]))
			continue;
		serve(cases[i].options);
		input = case_input(&cases[i]);
		got = converse(buf_slice(&input), input.len, 1, 0);
		if (echo.started > 0 || got.len < 10 ||
		    (memcmp(got.base, "HTTP/1.1 4", 10) != 0 &&
		     memcmp(got.base, "HTTP/1.1 5", 10) != 0))
			fail_msg("%s was not refused:\n%.*s", cases[i].name, (int)got.len,
				 got.base);
		stop();
		buf_release(&got);
		buf_release(&input);
	}
}

/* Where a request is not to be run, its target is /never. */
static void test_what_is_never_to_run_is_not_expected(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < n_cases; i++) {
		struct buf expected;
		char path[256];

		expect_path(&cases[i], path, sizeof(path));
		expected = file_read(path);
		if (expected.len > 0 && memmem(expected.base, expected.len, "/never", 6))
			fail_msg("%s expects that /never is run", cases[i].name);
		buf_release(&expected);
	}
}

static const struct http_case *find_case(struct slice name)
{
	for (size_t i = 0; i < n_cases; i++)
		if (slice_eq(slice_from(cases[i].name), name))
			return &cases[i];
	return NULL;
}

static void assert_in_table(const char *pattern, size_t extension)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i] + strlen(CORPUS);

		if (!find_case(slice_of(name, strlen(name) - extension)))
			fail_msg("%s has no row in " CORPUS "cases.tsv", found.gl_pathv[i]);
	}
	assert_int_equal(found.gl_pathc, n_cases);
	globfree(&found);
}

static void test_table_and_files_agree(void **state)
{
	UNUSED(state);
	for (size_t i = 1; i < n_cases; i++)
		if (strcmp(cases[i - 1].name, cases[i].name) >= 0)
			fail_msg("%s is not in its place, or twice in the table", cases[i].name);
	assert_in_table(CORPUS "*.http", strlen(".http"));
	assert_in_table(CORPUS "*.expect", strlen(".expect"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_at_every_pace),
		cmocka_unit_test(test_nothing_runs_after_an_error),
		cmocka_unit_test(test_what_is_never_to_run_is_not_expected),
		cmocka_unit_test(test_table_and_files_agree),
	};

	log_set_level(LOG_CRITICAL);
	return cmocka_run_group_tests(tests, read_cases, forget_cases);
}
