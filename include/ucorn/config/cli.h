/* The command line, read as Python's argparse reads it: gunicorn's users rely
 * on its abbreviations, `-w4`, `--opt=value` and options behind the positional.
 *
 * Reading and applying are two steps, since the configuration file, which the
 * command line may name, comes between them. */
#ifndef UCORN_CONFIG_CLI_H
#define UCORN_CONFIG_CLI_H

#include <stdio.h>

#include "ucorn/config/settings.h"

enum cli_action { CLI_RUN, CLI_HELP, CLI_VERSION, CLI_DUMP };

struct setting;

/* What the words give one setting. */
struct cli_note {
	const struct setting *row;
	const char *text;
};

struct command_line {
	enum cli_action action;
	bool explain;	 /* --explain-config */
	const char *app; /* the first positional; NULL if there is none */
	struct cli_note *notes;
	size_t notes_count, notes_room;
	struct string_list words; /* that it owns */
};

/* Reads the words of argv (argv[0] is skipped), which have to live as long as line.
 * A usage error gives -1, a sentence without program name and exit code 2 in
 * err.  To be released in any case. */
MUST_CHECK int cli_read(struct command_line *line, int argc, char **argv, struct err *err);

/* The same for a text of words, split as a shell does; NULL: none.  Text that cannot
 * be split gives -1 and exit code 1. */
MUST_CHECK int cli_read_text(struct command_line *line, const char *text, struct err *err);

/* What the words give the setting called name, a single one; NULL: nothing. */
const char *cli_value(const struct command_line *line, const char *name);

/* Lays what was read over s.  The positional counts on the command line only. A
 * value that its setting refuses gives -1 with gunicorn's message. */
MUST_CHECK int cli_apply(const struct command_line *line, struct settings *s, enum origin origin,
			 struct err *err);

void cli_release(struct command_line *line);

void cli_print_usage(FILE *out);   /* `usage: ucorn [OPTIONS] [APP_MODULE]` */
void cli_print_help(FILE *out);	   /* usage and all settings, by section */
void cli_dump_settings(FILE *out); /* all settings as JSON */

#endif
