/* settings.c and setting_types.c: defaults, the environment, what each type of
 * field takes for a value, and which origin wins; and the table's rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/table.h"

static int set_up(void **state)
{
	static struct settings s;
	struct err err;

	unsetenv("PORT");
	unsetenv("WEB_CONCURRENCY");
	*state = &s;
	return settings_init(&s, &err);
}

static int tear_down(void **state)
{
	settings_release(*state);
	return 0;
}

static void set(struct settings *s, const char *name, const char *text, enum origin origin)
{
	struct err err = {0};

	if (settings_set(s, name, text, origin, &err) < 0)
		fail_msg("%s = %s: %s", name, text, err.text);
}

static void assert_refused(struct settings *s, const char *name, const char *text,
			   enum origin origin, const char *sentence)
{
	struct err err = {0};

	assert_int_equal(settings_set(s, name, text, origin, &err), -1);
	assert_string_equal(err.text, sentence);
	assert_int_equal(err.exit_code, 1);
}

static void test_defaults_are_gunicorns(void **state)
{
	const struct settings *s = *state;

	assert_null(s->wsgi_app);
	assert_int_equal(s->bind.count, 1);
	assert_string_equal(s->bind.items[0], "127.0.0.1:8000");
	assert_int_equal(s->backlog, 2048);
	assert_int_equal(s->workers, 1);
	assert_string_equal(s->worker_class, "sync");
	assert_int_equal(s->threads, 1);
	assert_int_equal(s->worker_connections, 1000);
	assert_int_equal(s->max_requests, 0);
	assert_int_equal(s->max_requests_jitter, 0);
	assert_int_equal(s->timeout, 30);
	assert_int_equal(s->graceful_timeout, 30);
	assert_int_equal(s->keepalive, 2);
	assert_int_equal(s->limit_request_line, 4094);
	assert_int_equal(s->limit_request_fields, 100);
	assert_int_equal(s->limit_request_field_size, 8190);
	assert_false(s->preload_app);
	assert_null(s->chdir);
	assert_null(s->pythonpath);
	assert_int_equal(s->raw_env.count, 0);
	assert_null(s->pidfile);
	assert_null(s->proc_name);
	assert_string_equal(s->default_proc_name, "ucorn");
	assert_null(s->accesslog);
	assert_string_equal(s->access_log_format,
			    "%(h)s %(l)s %(u)s %(t)s \"%(r)s\" %(s)s %(b)s \"%(f)s\" \"%(a)s\"");
	assert_string_equal(s->errorlog, "-");
	assert_string_equal(s->loglevel, "info");
}

static void test_environment_replaces_defaults(void **state)
{
	struct settings s;
	struct err err;

	UNUSED(state);
	setenv("PORT", "5000", 1);
	setenv("WEB_CONCURRENCY", " 07 ", 1);
	assert_int_equal(settings_init(&s, &err), 0);
	assert_int_equal(s.bind.count, 1);
	assert_string_equal(s.bind.items[0], "0.0.0.0:5000");
	assert_int_equal(s.workers, 7);
	assert_int_equal(settings_origin(&s, "bind"), ORIGIN_ENVIRONMENT);
	assert_int_equal(settings_origin(&s, "workers"), ORIGIN_ENVIRONMENT);
	assert_int_equal(settings_origin(&s, "threads"), ORIGIN_DEFAULT);
	settings_release(&s);
}

static void test_bad_environment_is_named(void **state)
{
	static const struct {
		const char *value, *sentence;
	} cases[] = {
		{"x", "Environment variable WEB_CONCURRENCY: Value must be a whole number: 'x'"},
		{"", "Environment variable WEB_CONCURRENCY: Value must be a whole number: ''"},
		{"-1", "Environment variable WEB_CONCURRENCY: Value must be positive: -1"},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const struct settings empty;
		struct settings s;
		struct err err = {0};

		setenv("WEB_CONCURRENCY", cases[i].value, 1);
		assert_int_equal(settings_init(&s, &err), -1);
		assert_string_equal(err.text, cases[i].sentence);
		assert_int_equal(err.exit_code, 1);
		assert_memory_equal(&s, &empty, sizeof(s));
	}
}

static void test_file_takes_python_literals(void **state)
{
	static const struct {
		const char *text;
		unsigned value;
	} cases[] = {
		{"7", 7},
		{" 12\t", 12},
		{"+3", 3},
		{"-0", 0},
		{"00", 0},
		{"1_000", 1000},
		{"0x1F", 31},
		{"0X_1f", 31},
		{"0o17", 15},
		{"0B101", 5},
		{"2147483647", INT_MAX},
	};
	struct settings *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set(s, "workers", cases[i].text, ORIGIN_FILE);
		assert_int_equal(s->workers, cases[i].value);
	}
}

static void test_file_refuses_other_numbers(void **state)
{
	static const struct {
		const char *text, *sentence;
	} cases[] = {
		{"", "Value must be a whole number: ''"},
		{"x", "Value must be a whole number: 'x'"},
		{"-", "Value must be a whole number: '-'"},
		{"1.5", "Value must be a whole number: '1.5'"},
		{"1 2", "Value must be a whole number: '1 2'"},
		{"010", "Value must be a whole number: '010'"},
		{"_1", "Value must be a whole number: '_1'"},
		{"1_", "Value must be a whole number: '1_'"},
		{"1__0", "Value must be a whole number: '1__0'"},
		{"0x", "Value must be a whole number: '0x'"},
		{"0xg", "Value must be a whole number: '0xg'"},
		{"0b2", "Value must be a whole number: '0b2'"},
		{"- 1", "Value must be a whole number: '- 1'"},
		{" -1 ", "Value must be positive: -1"},
		{"-0x10", "Value must be positive: -0x10"},
		{"2147483648", "Value must be at most 2147483647: 2147483648"},
		{"99999999999999999999999",
		 "Value must be at most 2147483647: 99999999999999999999999"},
	};
	struct settings *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_refused(s, "workers", cases[i].text, ORIGIN_FILE, cases[i].sentence);
	assert_int_equal(s->workers, 1);
	assert_int_equal(settings_origin(s, "workers"), ORIGIN_DEFAULT);
}

/* argparse's type=int is int(text): leading zeros, but no prefixes. */
static void test_command_line_takes_decimals(void **state)
{
	struct settings *s = *state;

	set(s, "workers", "010", ORIGIN_COMMAND_LINE);
	assert_int_equal(s->workers, 10);
	assert_refused(s, "workers", "0x10", ORIGIN_COMMAND_LINE,
		       "Value must be a whole number: '0x10'");
}

static void test_limits_are_capped(void **state)
{
	struct settings *s = *state;

	set(s, "limit_request_line", "8190", ORIGIN_FILE);
	assert_int_equal(s->limit_request_line, 8190);
	set(s, "limit_request_line", "999999999999999999999", ORIGIN_FILE);
	assert_int_equal(s->limit_request_line, 8190);
	set(s, "limit_request_fields", "32769", ORIGIN_FILE);
	assert_int_equal(s->limit_request_fields, 32768);
	set(s, "limit_request_field_size", "100000", ORIGIN_FILE);
	assert_int_equal(s->limit_request_field_size, 100000);
}

static void test_booleans(void **state)
{
	struct settings *s = *state;

	set(s, "preload_app", " True", ORIGIN_FILE);
	assert_true(s->preload_app);
	set(s, "preload_app", "false", ORIGIN_FILE);
	assert_false(s->preload_app);
	assert_refused(s, "preload_app", "1", ORIGIN_FILE, "Invalid boolean: 1");
}

static void test_strings_are_stripped_and_replaced(void **state)
{
	struct settings *s = *state;

	set(s, "pidfile", "  /run/a b.pid\n", ORIGIN_FILE);
	assert_string_equal(s->pidfile, "/run/a b.pid");
	set(s, "pidfile", "/run/c.pid", ORIGIN_FILE);
	assert_string_equal(s->pidfile, "/run/c.pid");
	set(s, "pidfile", "", ORIGIN_FILE);
	assert_string_equal(s->pidfile, "");
}

static void test_lists_grow_within_an_origin(void **state)
{
	struct settings *s = *state;

	set(s, "bind", ":1", ORIGIN_FILE);
	set(s, "bind", " :2 ", ORIGIN_FILE);
	assert_int_equal(s->bind.count, 2);
	assert_string_equal(s->bind.items[0], ":1");
	assert_string_equal(s->bind.items[1], ":2");

	set(s, "bind", ":3", ORIGIN_COMMAND_LINE);
	assert_int_equal(s->bind.count, 1);
	assert_string_equal(s->bind.items[0], ":3");
	assert_int_equal(settings_origin(s, "bind"), ORIGIN_COMMAND_LINE);
}

static void test_higher_origin_wins(void **state)
{
	struct settings *s = *state;

	set(s, "workers", "2", ORIGIN_FILE);
	set(s, "workers", "3", ORIGIN_ENV_ARGS);
	set(s, "workers", "4", ORIGIN_ENVIRONMENT);
	assert_int_equal(s->workers, 3);
	assert_int_equal(settings_origin(s, "workers"), ORIGIN_ENV_ARGS);

	set(s, "raw_env", "A=1", ORIGIN_COMMAND_LINE);
	set(s, "raw_env", "B=2", ORIGIN_FILE);
	assert_int_equal(s->raw_env.count, 1);
	assert_string_equal(s->raw_env.items[0], "A=1");
}

static void test_unknown_names_are_refused(void **state)
{
	assert_refused(*state, "Workers", "1", ORIGIN_FILE,
		       "No configuration setting for: Workers");
}

static void test_release_leaves_nothing(void **state)
{
	static const struct settings empty;
	struct settings s;
	struct err err;

	UNUSED(state);
	assert_int_equal(settings_init(&s, &err), 0);
	set(&s, "raw_env", "A=1", ORIGIN_FILE);
	set(&s, "preload_app", "true", ORIGIN_FILE);
	settings_release(&s);
	assert_memory_equal(&s, &empty, sizeof(s));
	settings_release(&s);
}

static void check_flags(const struct setting *row)
{
	for (size_t i = 0; row->flags[i]; i++) {
		const char *flag = row->flags[i];

		assert_true(flag[0] == '-' && (strlen(flag) == 2 || flag[1] == '-'));
		/* No two rows share a flag, and none is the built-in ones'. */
		for (size_t j = 0; j < settings_table_len; j++)
			for (size_t k = 0; settings_table[j].flags[k]; k++)
				if (&settings_table[j] != row)
					assert_string_not_equal(flag, settings_table[j].flags[k]);
		for (size_t j = 0; j < BUILTIN_COUNT; j++)
			for (size_t k = 0; builtin_options[j].flags[k]; k++)
				assert_string_not_equal(flag, builtin_options[j].flags[k]);
	}
}

static void test_rows_are_complete(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < settings_table_len; i++) {
		const struct setting *row = &settings_table[i];
		size_t len = row->description ? strlen(row->description) : 0;

		print_message("row %s\n", row->name);
		assert_ptr_equal(setting_find(row->name), row);
		assert_non_null(row->type);
		assert_true(row->section >= 0 && row->section < SECTION_COUNT);
		assert_true(len > 0 && isupper(row->description[0]));
		assert_int_equal(row->description[len - 1], '.');
		assert_int_equal(row->type->takes_value, row->metavar != NULL);
		check_flags(row);
	}
}

/* A default that its own setting refuses, or that a cap changes, would be a
 * lie in --help. */
static void test_defaults_are_valid_everywhere(void **state)
{
	struct settings *s = *state;

	for (size_t i = 0; i < settings_table_len; i++) {
		const struct setting *row = &settings_table[i];

		if (!row->default_text)
			continue;
		set(s, row->name, row->default_text, ORIGIN_FILE);
		set(s, row->name, row->default_text, ORIGIN_COMMAND_LINE);
		if (row->cap)
			assert_true(strtoul(row->default_text, NULL, 10) <= row->cap);
	}
}

static size_t field_size(const struct setting_type *type)
{
	if (type == &setting_unsigned)
		return sizeof(unsigned);
	if (type == &setting_size)
		return sizeof(uint64_t);
	if (type == &setting_switch)
		return sizeof(bool);
	if (type == &setting_string)
		return sizeof(char *);
	return sizeof(struct string_list);
}

/* Every byte of the struct before the origins belongs to exactly one row, but for
 * padding, which is shorter than any field could be that has none. */
static void test_each_field_has_a_row(void **state)
{
	unsigned char rows[offsetof(struct settings, origins)] = {0};
	size_t gap = 0;

	UNUSED(state);
	for (size_t i = 0; i < settings_table_len; i++)
		for (size_t k = 0; k < field_size(settings_table[i].type); k++)
			rows[settings_table[i].offset + k]++;
	for (size_t i = 0; i < sizeof(rows); i++) {
		assert_true(rows[i] <= 1);
		gap = rows[i] ? 0 : gap + 1;
		assert_true(gap < sizeof(char *));
	}
}

static void test_sizes_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* UINT64_MAX: refused */
	} rows[] = {
		{"0", 0},
		{"65536", 65536},
		{" 64k ", 65536},
		{"1M", 1 << 20},
		{"3g", 3221225472},
		{"8589934591g", 8589934591ull << 30},
		{"8589934592g", UINT64_MAX},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", UINT64_MAX},
		{"", UINT64_MAX},
		{"k", UINT64_MAX},
		{"-1", UINT64_MAX},
		{"1.5m", UINT64_MAX},
		{"64 k", UINT64_MAX},
		{"64kk", UINT64_MAX},
		{"64t", UINT64_MAX},
	};

	struct settings *s = *state;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool refused = settings_set(s, "limit_request_body", rows[i].text,
					    ORIGIN_COMMAND_LINE, &err) < 0;

		assert_int_equal(refused, rows[i].bytes == UINT64_MAX);
		if (!refused)
			assert_true(s->limit_request_body == rows[i].bytes);
		else
			assert_non_null(strstr(err.text, "such as 65536 or 64k"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults_are_gunicorns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sizes_have_units, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_environment_replaces_defaults, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_bad_environment_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_takes_python_literals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_refuses_other_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_command_line_takes_decimals, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_limits_are_capped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_booleans, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strings_are_stripped_and_replaced, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_lists_grow_within_an_origin, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_higher_origin_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_names_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_release_leaves_nothing, set_up, tear_down),
		cmocka_unit_test(test_rows_are_complete),
		cmocka_unit_test_setup_teardown(test_defaults_are_valid_everywhere, set_up,
						tear_down),
		cmocka_unit_test(test_each_field_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
