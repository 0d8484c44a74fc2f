/* The command line and the settings behind it: a word a line.
 *
 * Holds for every command line: it is taken, or refused with a sentence and an exit
 * code; a second time gives the same; and nothing leaks. */
#include "fuzz.h"
#include "require.h"
#include "ucorn/config/cli.h"

enum { WORDS_MAX = 64 };

struct outcome {
	int rc;
	enum cli_action action;
	struct err err;
	unsigned workers; /* one value of all there are */
};

static struct outcome parse(int argc, char **argv)
{
	struct outcome o = {0};
	struct command_line line;
	struct settings s;

	require(settings_init(&s, &o.err) == 0, "the defaults are good");
	o.rc = cli_read(&line, argc, argv, &o.err);
	if (o.rc == 0)
		o.rc = cli_apply(&line, &s, ORIGIN_COMMAND_LINE, &o.err);
	o.action = line.action;
	cli_release(&line);
	o.workers = s.workers;
	settings_release(&s);
	return o;
}

/* The same text as the environment would give it. */
static void parse_text(const char *text)
{
	struct command_line line;
	struct err err = {0};
	int rc = cli_read_text(&line, text, &err);

	require(rc == 0 || err.text[0], "who refuses says why");
	cli_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char program[] = "ucorn", *argv[WORDS_MAX + 1] = {program}, *rest;
	char *text = calloc(len + 1, 1);
	struct outcome first, second;
	int argc = 1;

	require(text != NULL, "there is memory");
	if (len > 0)
		memcpy(text, bytes, len);
	parse_text(text);
	rest = text;
	while (rest && argc < WORDS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	unsetenv("PORT"); /* no default may depend on who runs this */
	unsetenv("WEB_CONCURRENCY");

	first = parse(argc, argv);
	second = parse(argc, argv);
	require(first.rc == 0 || first.rc == -1, "it says yes or no");
	if (first.rc < 0)
		require(first.err.text[0] && (first.err.exit_code == 1 || first.err.exit_code == 2),
			"who refuses says why");
	require(first.rc == second.rc && first.action == second.action &&
			first.workers == second.workers &&
			strcmp(first.err.text, second.err.text) == 0,
		"the same words mean the same");
	free(text);
	return 0;
}
