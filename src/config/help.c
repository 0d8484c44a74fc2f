/* --help: the table as text.
 *
 * Laid out as argparse does it, flags left and descriptions right of column
 * 24, so that it reads like every Python tool's, but grouped by section. */
#include "ucorn/config/cli.h"

#include <string.h>

#include "ucorn/config/table.h"
#include "ucorn/util/names.h"

enum { HELP_WIDTH = 80, HELP_COLUMN = 24, FLAGS_INDENT = 2 };

/* Writes the words of text from column on, wrapped; gives the column behind
 * the last one. */
static int put_words(FILE *out, int column, const char *text)
{
	while (*text) {
		int blank = *text == ' ' ? 1 : 0;
		int len = (int)strcspn(text + blank, " ");

		if (column + blank + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
			text += blank;
			blank = 0;
		}
		column += fprintf(out, "%.*s", blank + len, text);
		text += blank + len;
	}
	return column;
}

/* `[1, or $WEB_CONCURRENCY if set]`; nothing for a setting without default. */
static void put_default(FILE *out, int column, const struct setting *row)
{
	const char *prefix = row->env_prefix ? row->env_prefix : "";
	char note[160];

	if (!row->default_text || !*row->default_text)
		return;
	if (row->env)
		snprintf(note, sizeof(note), " [%s, or %s$%s if set]", row->default_text, prefix,
			 row->env);
	else
		snprintf(note, sizeof(note), " [%s]", row->default_text);
	put_words(out, column, note);
}

static int put_flags(FILE *out, const struct setting *row)
{
	int column = fprintf(out, "%*s", FLAGS_INDENT, "");

	for (size_t i = 0; row->flags[i]; i++) {
		column += fprintf(out, "%s%s", i ? ", " : "", row->flags[i]);
		if (row->metavar)
			column += fprintf(out, " %s", row->metavar);
	}
	return column;
}

/* The description of row, behind what already fills the line up to column. */
static void put_description(FILE *out, int column, const struct setting *row)
{
	if (column + 2 > HELP_COLUMN) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - column, "");
	column = put_words(out, HELP_COLUMN, row->description);
	if (row->own)
		column = put_words(out, column, " This one is not gunicorn's.");
	put_default(out, column, row);
	fputc('\n', out);
}

static void put_option(FILE *out, const struct setting *row)
{
	put_description(out, put_flags(out, row), row);
}

static void put_section(FILE *out, enum section section)
{
	const struct setting *row;
	bool titled = false;

	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		if (row->section != section || !row->flags[0])
			continue;
		if (!titled)
			fprintf(out, "\n%s:\n", section_title(section));
		titled = true;
		put_option(out, row);
	}
}

void cli_print_usage(FILE *out)
{
	fputs("usage: " NAME_PROGRAM " [OPTIONS] [APP_MODULE]\n", out);
}

void cli_print_help(FILE *out)
{
	const struct setting *app = setting_find("wsgi_app");

	cli_print_usage(out);
	fputs("\npositional arguments:\n", out);
	put_description(out, fprintf(out, "%*s%s", FLAGS_INDENT, "", app->metavar), app);
	fputs("\noptions:\n", out);
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		put_option(out, &builtin_options[i]);
	for (int section = 0; section < SECTION_COUNT; section++)
		put_section(out, (enum section)section);
}
