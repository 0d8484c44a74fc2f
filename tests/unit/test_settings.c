/* settings.c and the types: defaults, the environment, what each type of
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
#include <unistd.h>

#include "ucorn/config/table.h"
#include "ucorn/util/exec.h"
#include "ucorn/util/log.h"

static int set_up(void **state)
{
	static struct settings s;
	struct err err;

	unsetenv("PORT");
	unsetenv("WEB_CONCURRENCY");
	unsetenv("SENDFILE");
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
	assert_string_equal(s->chdir, exec_folder());
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
	const struct setting *other;

	for (size_t i = 0; row->flags[i]; i++) {
		const char *flag = row->flags[i];

		assert_true(flag[0] == '-' && (strlen(flag) == 2 || flag[1] == '-'));
		/* No two rows share a flag, and none is the built-in ones'. */
		for (size_t j = 0; (other = setting_at(j)) != NULL; j++)
			for (size_t k = 0; other->flags[k]; k++)
				if (other != row)
					assert_string_not_equal(flag, other->flags[k]);
		for (size_t j = 0; j < BUILTIN_COUNT; j++)
			for (size_t k = 0; builtin_options[j].flags[k]; k++)
				assert_string_not_equal(flag, builtin_options[j].flags[k]);
	}
}

static void test_rows_are_complete(void **state)
{
	const struct setting *row;

	UNUSED(state);
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		size_t len = row->description ? strlen(row->description) : 0;

		print_message("row %s\n", row->name);
		assert_ptr_equal(setting_find(row->name), row);
		assert_int_equal(setting_number(row), i);
		assert_non_null(row->type);
		assert_true(row->section >= 0 && row->section < SECTION_COUNT);
		assert_true(len > 0 && isupper(row->description[0]));
		assert_int_equal(row->description[len - 1], '.');
		assert_int_equal(row->type->takes_value && row->type->form != FORM_OBJECT,
				 row->metavar != NULL);
		assert_int_equal(row->status != SETTING_WORKS, row->note != NULL);
		assert_true(!row->note || row->note[strlen(row->note) - 1] == '.');
		assert_int_equal(row->choices != NULL, row->refusal != NULL);
		assert_int_equal(row->type == &setting_hook, row->arity != 0);
		check_flags(row);
	}
}

/* A default that its own setting refuses, or that a cap changes, would be a
 * lie in --help. */
static void test_defaults_are_valid_everywhere(void **state)
{
	struct settings *s = *state;
	const struct setting *row;

	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		if (!row->default_text)
			continue;
		set(s, row->name, row->default_text, ORIGIN_FILE);
		set(s, row->name, row->default_text, ORIGIN_COMMAND_LINE);
		if (row->cap)
			assert_true(strtoul(row->default_text, NULL, 10) <= row->cap);
	}
}

static size_t field_size(enum setting_form form)
{
	static const size_t sizes[] = {
		[FORM_UNSIGNED] = sizeof(unsigned),
		[FORM_SIZE] = sizeof(uint64_t),
		[FORM_SWITCH] = sizeof(bool),
		[FORM_TRISTATE] = sizeof(unsigned char),
		[FORM_STRING] = sizeof(char *),
		[FORM_LIST] = sizeof(struct string_list),
		[FORM_OBJECT] = sizeof(struct object_setting),
	};

	return sizes[form];
}

/* Every byte of the struct before the origins belongs to exactly one row, but for
 * padding, which is shorter than any field could be that has none. */
static void test_each_field_has_a_row(void **state)
{
	unsigned char rows[offsetof(struct settings, origins)] = {0};
	const struct setting *row;
	size_t gap = 0;

	UNUSED(state);
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
		for (size_t k = 0; k < field_size(row->type->form); k++)
			rows[row->offset + k]++;
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

static void test_modes(void **state)
{
	static const struct {
		const char *text;
		unsigned mode;
	} cases[] = {{"022", 022}, {"0o22", 022}, {"0x12", 022}, {"18", 18},
		     {" 18 ", 18}, {"0", 0},	  {"00", 0},	 {"07777", 07777}};
	struct settings *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set(s, "umask", cases[i].text, ORIGIN_COMMAND_LINE);
		assert_int_equal(s->umask, cases[i].mode);
	}
	assert_refused(s, "umask", "09", ORIGIN_COMMAND_LINE, "Value must be a whole number: '09'");
	assert_refused(s, "umask", "-1", ORIGIN_COMMAND_LINE, "Value must be positive: -1");
	assert_refused(s, "umask", "010000", ORIGIN_COMMAND_LINE,
		       "Value must be at most 0o7777: 010000");
}

static void test_users_and_groups(void **state)
{
	struct settings *s = *state;

	assert_int_equal(s->user, geteuid());
	assert_int_equal(s->group, getegid());
	set(s, "user", "1234", ORIGIN_FILE);
	set(s, "group", "4321", ORIGIN_FILE);
	assert_int_equal(s->user, 1234);
	assert_int_equal(s->group, 4321);
	set(s, "user", "root", ORIGIN_FILE);
	set(s, "group", "root", ORIGIN_FILE);
	assert_int_equal(s->user, 0);
	assert_int_equal(s->group, 0);
	assert_refused(s, "user", "no-one-", ORIGIN_FILE, "No such user: 'no-one-'");
	assert_refused(s, "group", "no-one-", ORIGIN_FILE, "No such group: 'no-one-'");
	assert_refused(s, "user", "-1", ORIGIN_FILE, "No such user: '-1'");
	assert_refused(s, "user", "4294967295", ORIGIN_FILE, "No such user: '4294967295'");
}

static void test_sendfile_has_three_states(void **state)
{
	static const struct {
		const char *variable;
		bool wanted;
	} cases[] = {{"y", true},  {"Yes", true}, {"1", true}, {"TRUE", true},
		     {"0", false}, {"no", false}, {"", false}};
	struct settings *s = *state;
	struct settings other;
	struct err err;

	assert_int_equal(s->sendfile, TRISTATE_UNSAID);
	assert_true(settings_sendfile(s));
	set(s, "sendfile", "false", ORIGIN_COMMAND_LINE);
	assert_false(settings_sendfile(s));
	assert_refused(s, "sendfile", "y", ORIGIN_COMMAND_LINE, "Invalid boolean: y");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setenv("SENDFILE", cases[i].variable, 1);
		assert_int_equal(settings_init(&other, &err), 0);
		unsetenv("SENDFILE");
		assert_int_equal(settings_sendfile(&other), cases[i].wanted);
		settings_release(&other);
	}
}

static void test_choices(void **state)
{
	struct settings *s = *state;

	set(s, "header_map", " Dangerous ", ORIGIN_FILE);
	assert_string_equal(s->header_map, "dangerous");
	set(s, "proxy_protocol", "None", ORIGIN_FILE);
	assert_string_equal(s->proxy_protocol, "off");
	set(s, "proxy_protocol", "1", ORIGIN_FILE);
	assert_string_equal(s->proxy_protocol, "auto");
	assert_refused(s, "header_map", "Keep", ORIGIN_FILE, "Invalid header map behaviour: Keep");
	assert_refused(s, "reload_engine", "x", ORIGIN_FILE, "Invalid reload_engine: 'x'");
	assert_refused(s, "proxy_protocol", "v3", ORIGIN_FILE,
		       "proxy_protocol must be: off, v1, v2, or auto");
	assert_refused(s, "http_parser", "slow", ORIGIN_FILE,
		       "http_parser must be one of: auto, fast, python");
}

static void test_folders(void **state)
{
	static const struct {
		const char *text, *folder;
	} cases[] = {
		{"/", "/"}, {"/..", "/"}, {"//usr/./lib/../bin/", "/usr/bin"}, {" /tmp ", "/tmp"}};
	struct settings *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		set(s, "chdir", cases[i].text, ORIGIN_FILE);
		assert_string_equal(s->chdir, cases[i].folder);
	}
	set(s, "chdir", ".", ORIGIN_FILE);
	assert_string_equal(s->chdir, exec_folder());
	assert_refused(s, "chdir", "/no/such", ORIGIN_FILE, "can't chdir to '/no/such'");
}

static void test_files_exist_or_are_patterns(void **state)
{
	struct settings *s = *state;

	set(s, "reload_extra_files", "/etc/passwd", ORIGIN_FILE);
	set(s, "reload_extra_files", "/no/such/*.html", ORIGIN_FILE);
	assert_int_equal(s->reload_extra_files.count, 2);
	assert_refused(s, "reload_extra_files", "/no/such", ORIGIN_FILE,
		       "File /no/such does not exists.");
}

static void test_none_is_the_default(void **state)
{
	struct settings *s = *state;
	struct err err;

	set(s, "pidfile", "/p", ORIGIN_ENVIRONMENT);
	set(s, "workers", "7", ORIGIN_ENVIRONMENT);
	set(s, "header_map", "refuse", ORIGIN_ENVIRONMENT);
	set(s, "user", "1234", ORIGIN_ENVIRONMENT);
	assert_int_equal(settings_clear(s, "pidfile", ORIGIN_FILE, &err), 0);
	assert_int_equal(settings_clear(s, "workers", ORIGIN_FILE, &err), 0);
	assert_int_equal(settings_clear(s, "header_map", ORIGIN_FILE, &err), 0);
	assert_int_equal(settings_clear(s, "user", ORIGIN_FILE, &err), 0);
	assert_int_equal(settings_clear(s, "bind", ORIGIN_FILE, &err), 0);
	assert_null(s->pidfile);
	assert_int_equal(s->workers, 1);
	assert_string_equal(s->header_map, "drop");
	assert_int_equal(s->user, geteuid());
	assert_int_equal(s->bind.count, 0);
	assert_int_equal(settings_origin(s, "pidfile"), ORIGIN_FILE);

	set(s, "pidfile", "/q", ORIGIN_COMMAND_LINE);
	assert_int_equal(settings_clear(s, "pidfile", ORIGIN_FILE, &err), 0);
	assert_string_equal(s->pidfile, "/q");
	assert_int_equal(settings_clear(s, "Pidfile", ORIGIN_FILE, &err), -1);
}

static void test_objects_are_noted(void **state)
{
	struct settings *s = *state;

	assert_false(s->post_fork.given);
	set(s, "post_fork", "a function", ORIGIN_FILE);
	assert_true(s->post_fork.given);
}

static void test_what_cannot_be_obeyed_is_refused(void **state)
{
	struct settings *s = *state;
	struct err err = {0};

	assert_int_equal(settings_check(s, &err), 0);
	set(s, "protocol", "http", ORIGIN_FILE);
	set(s, "suppress_ragged_eofs", "true", ORIGIN_FILE);
	set(s, "dirty_workers", "2", ORIGIN_FILE);
	assert_int_equal(settings_check(s, &err), 0);
	set(s, "certfile", "/c", ORIGIN_FILE);
	assert_int_equal(settings_check(s, &err), -1);
	assert_non_null(strstr(err.text, "certfile is not possible yet: "));
	assert_int_equal(err.exit_code, 1);
}

/* What a function writes into the log. */
static const char *logged(void (*call)(const struct settings *a, const struct settings *b),
			  const struct settings *a, const struct settings *b)
{
	static char text[1000];
	int pipe_fds[2];
	ssize_t len;

	assert_int_equal(pipe(pipe_fds), 0);
	log_set_fd(pipe_fds[1]);
	call(a, b);
	log_set_fd(2);
	close(pipe_fds[1]);
	len = read(pipe_fds[0], text, sizeof(text) - 1);
	assert_true(len >= 0);
	text[len] = '\0';
	close(pipe_fds[0]);
	return text;
}

static void report(const struct settings *a, const struct settings *b)
{
	UNUSED(b);
	settings_report(a);
}

static void test_what_is_not_offered_is_said(void **state)
{
	struct settings *s = *state;
	const char *text;

	assert_string_equal(logged(report, s, NULL), "");
	set(s, "dirty_workers", "2", ORIGIN_FILE);
	set(s, "worker_tmp_dir", "/dev/shm", ORIGIN_FILE);
	text = logged(report, s, NULL);
	assert_non_null(strstr(text, "[WARNING] dirty_workers is ignored: "));
	assert_null(strstr(text, "worker_tmp_dir"));
	log_set_level(LOG_DEBUG);
	assert_non_null(strstr(logged(report, s, NULL), "[DEBUG] worker_tmp_dir has no effect: "));
	log_set_level(LOG_INFO);
}

static void test_what_needs_a_restart_is_said(void **state)
{
	struct settings *s = *state;
	struct settings fresh;
	struct err err;

	assert_int_equal(settings_init(&fresh, &err), 0);
	set(&fresh, "workers", "2", ORIGIN_FILE);
	assert_string_equal(logged(settings_report_change, s, &fresh), "");
	set(&fresh, "daemon", "true", ORIGIN_FILE);
	assert_non_null(strstr(logged(settings_report_change, s, &fresh),
			       "[WARNING] daemon has changed: "));
	settings_release(&fresh);
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
		cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_users_and_groups, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sendfile_has_three_states, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_folders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files_exist_or_are_patterns, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_none_is_the_default, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_objects_are_noted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_obeyed_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_offered_is_said, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_needs_a_restart_is_said, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
