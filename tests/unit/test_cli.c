/* cli.c and help.c: argument vectors against what gunicorn's argparse makes of
 * them.  The error sentences were taken from gunicorn under CPython 3.11. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ucorn/config/cli.h"
#include "ucorn/config/table.h"

#define WORDS_MAX 8

/* The words behind argv[0]; NULL behind the last. */
struct words {
	const char *word[WORDS_MAX];
};

/* Reads the words and lays them over s, as main.c does. */
static int read_and_apply(struct settings *s, int argc, char **argv, enum cli_action *action,
			  struct err *err)
{
	struct command_line line;
	int rc = cli_read(&line, argc, argv, err);

	*action = line.action;
	if (rc == 0 && line.action == CLI_RUN)
		rc = cli_apply(&line, s, ORIGIN_COMMAND_LINE, err);
	cli_release(&line);
	return rc;
}

static int parse(const struct words *words, struct settings *s, enum cli_action *action,
		 struct err *err)
{
	char *argv[WORDS_MAX + 2] = {(char *)"ucorn"};
	int argc = 1;

	for (size_t i = 0; i < WORDS_MAX && words->word[i]; i++)
		argv[argc++] = (char *)words->word[i];
	unsetenv("PORT");
	unsetenv("WEB_CONCURRENCY");
	*err = (struct err){0};
	assert_int_equal(settings_init(s, err), 0);
	return read_and_apply(s, argc, argv, action, err);
}

static void parse_good(struct settings *s, const struct words *words)
{
	enum cli_action action;
	struct err err;

	if (parse(words, s, &action, &err) < 0)
		fail_msg("%s ...: %s", words->word[0], err.text);
	assert_int_equal(action, CLI_RUN);
}

static void test_every_setting(void **state)
{
	struct settings s;

	UNUSED(state);
	parse_good(&s, &(struct words){{"--backlog=5", "-k", "event", "--threads=2",
					"--worker-connections=9", "--max-requests=3",
					"--max-requests-jitter=4", "-t7"}});
	assert_int_equal(s.backlog, 5);
	assert_string_equal(s.worker_class, "event");
	assert_int_equal(s.threads, 2);
	assert_int_equal(s.worker_connections, 9);
	assert_int_equal(s.max_requests, 3);
	assert_int_equal(s.max_requests_jitter, 4);
	assert_int_equal(s.timeout, 7);
	settings_release(&s);

	parse_good(&s, &(struct words){{"--graceful-timeout=8", "--keep-alive=0",
					"--limit-request-line=100", "--limit-request-fields=10",
					"--limit-request-field_size=99", "--preload",
					"--chdir=/usr/../tmp/.", "-eA=1"}});
	assert_int_equal(s.graceful_timeout, 8);
	assert_int_equal(s.keepalive, 0);
	assert_int_equal(s.limit_request_line, 100);
	assert_int_equal(s.limit_request_fields, 10);
	assert_int_equal(s.limit_request_field_size, 99);
	assert_true(s.preload_app);
	assert_string_equal(s.chdir, "/tmp");
	assert_string_equal(s.raw_env.items[0], "A=1");
	settings_release(&s);

	parse_good(&s, &(struct words){{"-p/run/u.pid", "-nname", "--pythonpath=a,b",
					"--access-logfile=-", "--access-logformat=%(h)s",
					"--error-logfile=e.log", "--log-level=debug"}});
	assert_string_equal(s.pidfile, "/run/u.pid");
	assert_string_equal(s.proc_name, "name");
	assert_string_equal(s.pythonpath, "a,b");
	assert_string_equal(s.accesslog, "-");
	assert_string_equal(s.access_log_format, "%(h)s");
	assert_string_equal(s.errorlog, "e.log");
	assert_string_equal(s.loglevel, "debug");
	settings_release(&s);
}

static void test_spellings_of_a_value(void **state)
{
	static const struct words cases[] = {
		{{"-w", "4"}},
		{{"-w4"}},
		{{"-w=4"}},
		{{"--workers", "4"}},
		{{"--workers=4"}},
		{{"--workers", " 4 "}},
		{{"--workers", "04"}},
		{{"-w 4"}},
		{{"-w+4"}},
		{{"--workers=0_4"}},
		{{"-w1", "-w", "4"}},
		{{"-w-1", "-w4"}},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings s;

		parse_good(&s, &cases[i]);
		assert_int_equal(s.workers, 4);
		assert_int_equal(settings_origin(&s, "workers"), ORIGIN_COMMAND_LINE);
		settings_release(&s);
	}
}

static void test_bind_addresses(void **state)
{
	struct settings s;

	UNUSED(state);
	parse_good(&s,
		   &(struct words){{"-b:8000", "app", "-b", "unix:/a", "--bind=[::1]:1", "-b=x"}});
	assert_int_equal(s.bind.count, 4);
	assert_string_equal(s.bind.items[0], ":8000");
	assert_string_equal(s.bind.items[1], "unix:/a");
	assert_string_equal(s.bind.items[2], "[::1]:1");
	assert_string_equal(s.bind.items[3], "x");
	settings_release(&s);
}

static void test_abbreviations(void **state)
{
	struct settings s;

	UNUSED(state);
	parse_good(&s,
		   &(struct words){{"--keep", "9", "--th=3", "--worker-co=5", "--log-fi", "x"}});
	assert_int_equal(s.keepalive, 9);
	assert_int_equal(s.threads, 3);
	assert_int_equal(s.worker_connections, 5);
	assert_string_equal(s.errorlog, "x");
	settings_release(&s);

	/* An exact flag wins over those that it is a prefix of. */
	parse_good(&s, &(struct words){{"--max-requests", "6"}});
	assert_int_equal(s.max_requests, 6);
	assert_int_equal(s.max_requests_jitter, 0);
	settings_release(&s);
}

static void test_application(void **state)
{
	static const struct {
		struct words words;
		const char *app;
	} cases[] = {
		{{{"m:app"}}, "m:app"},
		{{{"m:app", "ignored"}}, "m:app"},
		{{{"-w", "2", "m:app", "-t", "3"}}, "m:app"},
		{{{"m:app", "-w2"}}, "m:app"},
		{{{"-w2", "--", "m:app"}}, "m:app"},
		{{{"--", "--weird", "-w"}}, "--weird"},
		{{{"m:app", "--", "-w"}}, "m:app"},
		{{{"--", "--"}}, "--"},
		{{{"-"}}, "-"},
		{{{"-1"}}, "-1"},
		{{{"-x y"}}, "-x y"},
		{{{"--"}}, NULL},
		{{{"-w2"}}, NULL},
		{{{NULL}}, NULL},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings s;

		parse_good(&s, &cases[i].words);
		if (cases[i].app) {
			assert_string_equal(settings_app(&s), cases[i].app);
			assert_string_equal(s.default_proc_name, cases[i].app);
		} else {
			assert_null(settings_app(&s));
			assert_string_equal(s.default_proc_name, "ucorn");
		}
		settings_release(&s);
	}
}

static void test_application_name_yields_to_a_file(void **state)
{
	char *argv[] = {(char *)"ucorn", (char *)"m:app", NULL};
	enum cli_action action;
	struct settings s;
	struct err err;

	UNUSED(state);
	assert_int_equal(settings_init(&s, &err), 0);
	assert_int_equal(settings_set(&s, "default_proc_name", "own", ORIGIN_FILE, &err), 0);
	assert_int_equal(read_and_apply(&s, 2, argv, &action, &err), 0);
	assert_string_equal(settings_app(&s), "m:app");
	assert_string_equal(s.default_proc_name, "own");
	settings_release(&s);
}

static void test_lists_replace_lower_origins(void **state)
{
	char *argv[] = {(char *)"ucorn", (char *)"-b:2", (char *)"-b:3", NULL};
	enum cli_action action;
	struct settings s;
	struct err err;

	UNUSED(state);
	setenv("PORT", "5000", 1);
	assert_int_equal(settings_init(&s, &err), 0);
	unsetenv("PORT");
	assert_int_equal(settings_set(&s, "bind", ":1", ORIGIN_FILE, &err), 0);
	assert_int_equal(read_and_apply(&s, 3, argv, &action, &err), 0);
	assert_int_equal(s.bind.count, 2);
	assert_string_equal(s.bind.items[0], ":2");
	assert_string_equal(s.bind.items[1], ":3");
	settings_release(&s);
}

static void test_values_that_look_like_options(void **state)
{
	struct settings s;

	UNUSED(state);
	parse_good(&s, &(struct words){
			       {"-n", "-1", "-p", "-", "--paste", "-x y", "--pythonpath", "-.5"}});
	assert_string_equal(s.proc_name, "-1");
	assert_string_equal(s.pidfile, "-");
	assert_string_equal(s.paste, "-x y");
	assert_string_equal(s.pythonpath, "-.5");
	settings_release(&s);

	parse_good(&s, &(struct words){{"--name=-x", "-p-h", "--paste="}});
	assert_string_equal(s.proc_name, "-x");
	assert_string_equal(s.pidfile, "-h");
	assert_string_equal(s.paste, "");
	settings_release(&s);
}

static void test_help_and_version_act_when_reached(void **state)
{
	static const struct {
		struct words words;
		enum cli_action action;
	} cases[] = {
		{{{"-h"}}, CLI_HELP},		{{{"--help"}}, CLI_HELP},
		{{{"--hel"}}, CLI_HELP},	{{{"-v"}}, CLI_VERSION},
		{{{"--version"}}, CLI_VERSION}, {{{"--dump-settings"}}, CLI_DUMP},
		{{{"-hv"}}, CLI_HELP},		{{{"-vh"}}, CLI_VERSION},
		{{{"-vw4"}}, CLI_VERSION},	{{{"-v", "-h"}}, CLI_VERSION},
		{{{"--foo", "-h"}}, CLI_HELP},	{{{"-h", "-w", "x"}}, CLI_HELP},
		{{{"-h", "--work"}}, CLI_HELP}, {{{"-w", "-1", "-h"}}, CLI_HELP},
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum cli_action action;
		struct settings s;
		struct err err;

		assert_int_equal(parse(&cases[i].words, &s, &action, &err), 0);
		assert_int_equal(action, cases[i].action);
		assert_int_equal(s.workers, 1);
		settings_release(&s);
	}
}

static const struct bad {
	struct words words;
	int exit_code;
	const char *sentence;
} bad_lines[] = {
	/* argparse's own complaints */
	{{{"-w", "x"}}, 2, "argument -w/--workers: invalid int value: 'x'"},
	{{{"-w", ""}}, 2, "argument -w/--workers: invalid int value: ''"},
	{{{"--workers="}}, 2, "argument -w/--workers: invalid int value: ''"},
	{{{"-w", "0x10"}}, 2, "argument -w/--workers: invalid int value: '0x10'"},
	{{{"-w1.5"}}, 2, "argument -w/--workers: invalid int value: '1.5'"},
	{{{"-w", "-.5"}}, 2, "argument -w/--workers: invalid int value: '-.5'"},
	{{{"-w", "it's \\"}}, 2, "argument -w/--workers: invalid int value: \"it's \\\\\""},
	{{{"-w", "'\""}}, 2, "argument -w/--workers: invalid int value: '\\'\"'"},
	{{{"-w", "\n\x1b"}}, 2, "argument -w/--workers: invalid int value: '\\n\\x1b'"},
	{{{"-w", "x", "-w4"}}, 2, "argument -w/--workers: invalid int value: 'x'"},
	{{{"-w"}}, 2, "argument -w/--workers: expected one argument"},
	{{{"-w", "-x"}}, 2, "argument -w/--workers: expected one argument"},
	{{{"-w", "-t", "3"}}, 2, "argument -w/--workers: expected one argument"},
	{{{"-w", "--", "4"}}, 2, "argument -w/--workers: expected one argument"},
	{{{"-w", "-1."}}, 2, "argument -w/--workers: expected one argument"},
	{{{"--log-file"}}, 2, "argument --error-logfile/--log-file: expected one argument"},
	{{{"--backlog"}}, 2, "argument --backlog: expected one argument"},
	{{{"--work", "3"}},
	 2,
	 "ambiguous option: --work could match --workers, --worker-class, --worker-connections, "
	 "--worker-tmp-dir"},
	{{{"--work=3"}},
	 2,
	 "ambiguous option: --work=3 could match --workers, --worker-class, --worker-connections, "
	 "--worker-tmp-dir"},
	{{{"--limit-request-fie=3"}},
	 2,
	 "ambiguous option: --limit-request-fie=3 could match --limit-request-fields, "
	 "--limit-request-field_size"},
	{{{"--log-"}},
	 2,
	 "ambiguous option: --log- could match --log-file, --log-level, --log-config, "
	 "--log-config-json, --log-syslog-to, --log-syslog, --log-syslog-prefix, "
	 "--log-syslog-facility"},
	{{{"--p"}},
	 2,
	 "ambiguous option: --p could match --print-config, --preload, --pid, --pythonpath, "
	 "--paste, --paster, --proxy-protocol, --proxy-allow-from, --protocol, --paste-global, "
	 "--permit-obsolete-folding, --permit-unconventional-http-method, "
	 "--permit-unconventional-http-version"},
	{{{"-w", "--work"}}, 2, "argument -w/--workers: expected one argument"},
	{{{"-w", "x", "--work"}}, 2, "argument -w/--workers: invalid int value: 'x'"},
	{{{"--foo", "bar"}}, 2, "unrecognized arguments: --foo"},
	{{{"app", "--foo", "bar"}}, 2, "unrecognized arguments: --foo bar"},
	{{{"app", "--foo=1", "-x", "-w2", "b"}}, 2, "unrecognized arguments: --foo=1 -x b"},
	{{{"app", "-w", "4", "app2"}}, 2, "unrecognized arguments: app2"},
	{{{"app", "-w2", "--", "x"}}, 2, "unrecognized arguments: -- x"},
	{{{"app", "-w2", "", "x"}}, 2, "unrecognized arguments:  x"},
	{{{"--wsgi_app=x"}}, 2, "unrecognized arguments: --wsgi_app=x"},
	{{{"--Workers=2"}}, 2, "unrecognized arguments: --Workers=2"},
	{{{"--preload=x"}}, 2, "argument --preload: ignored explicit argument 'x'"},
	{{{"--pre="}}, 2, "argument --preload: ignored explicit argument ''"},
	{{{"-hx"}}, 2, "argument -h/--help: ignored explicit argument 'x'"},
	{{{"-h="}}, 2, "argument -h/--help: ignored explicit argument ''"},
	{{{"--help=v"}}, 2, "argument -h/--help: ignored explicit argument 'v'"},
	{{{"-w", "-1", "--foo"}}, 2, "unrecognized arguments: --foo"},
	/* the settings' complaints */
	{{{"-w", "-1"}}, 1, "Value must be positive: -1"},
	{{{"-w-1"}}, 1, "Value must be positive: -1"},
	{{{"--workers= -1"}}, 1, "Value must be positive: -1"},
	{{{"-t-1", "-w-2"}}, 1, "Value must be positive: -2"},
	{{{"--keep=-3", "app"}}, 1, "Value must be positive: -3"},
	{{{"-w", "99999999999"}}, 1, "Value must be at most 2147483647: 99999999999"},
};

static void test_bad_lines(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
		enum cli_action action;
		struct settings s;
		struct err err;

		assert_int_equal(parse(&bad_lines[i].words, &s, &action, &err), -1);
		assert_string_equal(err.text, bad_lines[i].sentence);
		assert_int_equal(err.exit_code, bad_lines[i].exit_code);
		settings_release(&s);
	}
}

static void test_flags_that_need_no_value(void **state)
{
	struct settings s;

	UNUSED(state);
	parse_good(&s, &(struct words){{"--no-sendfile", "--proxy-protocol"}});
	assert_int_equal(s.sendfile, TRISTATE_NO);
	assert_string_equal(s.proxy_protocol, "auto");
	settings_release(&s);
	parse_good(&s, &(struct words){{"--proxy-protocol", "v1"}});
	assert_string_equal(s.proxy_protocol, "v1");
	assert_null(settings_app(&s));
	settings_release(&s);
	parse_good(&s, &(struct words){{"--proxy-protocol=v2", "app"}});
	assert_string_equal(s.proxy_protocol, "v2");
	assert_string_equal(settings_app(&s), "app");
	settings_release(&s);
}

static void test_words_of_the_environment(void **state)
{
	struct command_line line;
	struct settings s;
	struct err err;

	UNUSED(state);
	assert_int_equal(settings_init(&s, &err), 0);
	assert_int_equal(cli_read_text(&line, "-w 3 'the app' -c 'a b' -ca", &err), 0);
	assert_string_equal(cli_value(&line, "config"), "a");
	assert_null(cli_value(&line, "threads"));
	assert_int_equal(cli_apply(&line, &s, ORIGIN_ENV_ARGS, &err), 0);
	cli_release(&line);
	assert_int_equal(s.workers, 3);
	assert_int_equal(settings_origin(&s, "workers"), ORIGIN_ENV_ARGS);
	assert_null(settings_app(&s));
	assert_string_equal(s.default_proc_name, "ucorn");
	settings_release(&s);

	assert_int_equal(cli_read_text(&line, NULL, &err), 0);
	assert_int_equal(line.notes_count, 0);
	cli_release(&line);
	assert_int_equal(cli_read_text(&line, "'", &err), -1);
	assert_int_equal(err.exit_code, 1);
	cli_release(&line);
	assert_int_equal(cli_read_text(&line, "--foo", &err), -1);
	assert_int_equal(err.exit_code, 2);
	cli_release(&line);
}

static void test_explain_is_no_setting(void **state)
{
	char *argv[] = {(char *)"ucorn", (char *)"--explain", (char *)"app", NULL};
	struct command_line line;
	struct err err;

	UNUSED(state);
	assert_int_equal(cli_read(&line, 3, argv, &err), 0);
	assert_true(line.explain);
	assert_int_equal(line.action, CLI_RUN);
	assert_int_equal(line.notes_count, 0);
	cli_release(&line);
}

static void test_many_options(void **state)
{
	enum { COUNT = 1000 };
	char *argv[1 + COUNT] = {(char *)"ucorn"};
	enum cli_action action;
	struct settings s;
	struct err err;

	UNUSED(state);
	for (int i = 0; i < COUNT; i++)
		argv[1 + i] = (char *)"-eA=1";
	assert_int_equal(settings_init(&s, &err), 0);
	assert_int_equal(read_and_apply(&s, 1 + COUNT, argv, &action, &err), 0);
	assert_int_equal(s.raw_env.count, COUNT);
	settings_release(&s);
}

static void test_long_complaints_are_cut(void **state)
{
	char word[2000] = "--";
	char *argv[] = {(char *)"ucorn", word, word, NULL};
	enum cli_action action;
	struct settings s;
	struct err err;

	UNUSED(state);
	memset(word + 2, 'x', sizeof(word) - 3);
	assert_int_equal(settings_init(&s, &err), 0);
	assert_int_equal(read_and_apply(&s, 3, argv, &action, &err), -1);
	assert_int_equal(err.exit_code, 2);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	settings_release(&s);
}

static char *printed(void (*print)(FILE *out))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(out);
	fclose(out);
	return text;
}

static void test_usage(void **state)
{
	char *usage = printed(cli_print_usage);

	UNUSED(state);
	assert_string_equal(usage, "usage: ucorn [OPTIONS] [APP_MODULE]\n");
	free(usage);
}

static void test_help_mentions_every_flag(void **state)
{
	char *help = printed(cli_print_help);
	const struct setting *row;

	UNUSED(state);
	assert_ptr_equal(strstr(help, "usage: ucorn [OPTIONS] [APP_MODULE]\n"), help);
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		for (size_t j = 0; row->flags[j]; j++) {
			const char *metavar = row->metavar;
			char shown[80];

			snprintf(shown, sizeof(shown), " %s%s%s", row->flags[j], metavar ? " " : "",
				 metavar ? metavar : "");
			assert_non_null(strstr(help, shown));
		}
	}
	assert_non_null(strstr(help, "  -h, --help            Print"));
	assert_non_null(strstr(help, "\nServer Socket:\n  -b ADDRESS, --bind ADDRESS\n"));
	assert_non_null(strstr(help, "$WEB_CONCURRENCY if"));
	assert_null(strstr(help, "default_proc_name"));
	free(help);
}

static void test_help_fits_80_columns(void **state)
{
	char *help = printed(cli_print_help);

	UNUSED(state);
	for (char *line = help; *line;) {
		size_t len = strcspn(line, "\n");

		assert_true(len <= 80);
		assert_true(len == 0 || line[len - 1] != ' ');
		line += len + 1;
	}
	free(help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_setting),
		cmocka_unit_test(test_spellings_of_a_value),
		cmocka_unit_test(test_bind_addresses),
		cmocka_unit_test(test_abbreviations),
		cmocka_unit_test(test_application),
		cmocka_unit_test(test_application_name_yields_to_a_file),
		cmocka_unit_test(test_lists_replace_lower_origins),
		cmocka_unit_test(test_values_that_look_like_options),
		cmocka_unit_test(test_help_and_version_act_when_reached),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_flags_that_need_no_value),
		cmocka_unit_test(test_words_of_the_environment),
		cmocka_unit_test(test_explain_is_no_setting),
		cmocka_unit_test(test_many_options),
		cmocka_unit_test(test_long_complaints_are_cut),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_help_mentions_every_flag),
		cmocka_unit_test(test_help_fits_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
