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
	struct settings s;

	require(settings_init(&s, &o.err) == 0, "the defaults are good");
	o.rc = cli_parse(&s, argc, argv, &o.action, &o.err);
	o.workers = s.workers;
	settings_release(&s);
	return o;
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
