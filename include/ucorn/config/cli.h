/* The command line, read as Python's argparse reads it: gunicorn's users rely
 * on its abbreviations, `-w4`, `--opt=value` and options behind the positional. */
#ifndef UCORN_CONFIG_CLI_H
#define UCORN_CONFIG_CLI_H

#include <stdio.h>

#include "ucorn/config/settings.h"

enum cli_action { CLI_RUN, CLI_HELP, CLI_VERSION };

/* Lays the arguments (argv[0] is skipped) over s.  A usage error gives -1, a
 * sentence without program name and exit code 2 in err; a value that its
 * setting refuses gives -1 with gunicorn's message and exit code 1 (2 for a
 * value that argparse's own type check refuses). */
MUST_CHECK int cli_parse(struct settings *s, int argc, char **argv, enum cli_action *action,
			 struct err *err);

void cli_print_usage(FILE *out); /* `usage: ucorn [OPTIONS] [APP_MODULE]` */
void cli_print_help(FILE *out);	 /* usage and all settings, by section */

#endif
