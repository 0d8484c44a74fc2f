/* --dump-settings: the table as JSON (RFC 8259), for programs.
 *
 * scripts/docs makes the pages about the settings out of it.  Values are texts as
 * the command line takes them, whatever the type; a key is there even where it
 * has nothing to say. */
#include "ucorn/config/cli.h"
#include "ucorn/config/table.h"

/* What the table says is ASCII of our own; only these two would end a string. */
static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void put_key(FILE *out, const char *key)
{
	fprintf(out, ",\n   \"%s\": ", key);
}

static void put_string(FILE *out, const char *key, const char *text)
{
	put_key(out, key);
	if (text)
		put_text(out, text);
	else
		fputs("null", out);
}

static void put_bool(FILE *out, const char *key, bool value)
{
	put_key(out, key);
	fputs(value ? "true" : "false", out);
}

static void put_flags(FILE *out, const struct setting *row)
{
	put_key(out, "flags");
	fputc('[', out);
	for (size_t i = 0; row->flags[i]; i++) {
		fputs(i ? ", " : "", out);
		put_text(out, row->flags[i]);
	}
	fputc(']', out);
}

static void put_choices(FILE *out, const struct setting *row)
{
	put_key(out, "choices");
	fputc('[', out);
	for (size_t i = 0; row->choices && row->choices[i].said; i++) {
		fputs(i ? ", " : "", out);
		put_text(out, row->choices[i].said);
	}
	fputc(']', out);
}

static const char *status_word(enum setting_status status)
{
	static const char *const words[] = {
		[SETTING_WORKS] = "works",
		[SETTING_REFUSED] = "refused",
		[SETTING_NOT_OFFERED] = "not offered",
		[SETTING_WITHOUT_EFFECT] = "without effect",
	};

	return words[status];
}

static void put_row(FILE *out, const struct setting *row)
{
	fputs("  {\n   \"name\": ", out);
	put_text(out, row->name);
	put_string(out, "section", section_title(row->section));
	put_string(out, "kind", row->type->kind);
	put_flags(out, row);
	put_string(out, "flag_means", row->flag_text);
	put_string(out, "metavar", row->metavar);
	put_string(out, "default", row->default_text);
	put_bool(out, "default_depends", row->default_now != NULL);
	put_string(out, "env", row->env);
	put_string(out, "env_prefix", row->env_prefix);
	put_choices(out, row);
	put_key(out, "arity");
	fprintf(out, "%u", row->arity);
	put_bool(out, "of_gunicorn", !row->own);
	put_bool(out, "reloadable", !row->needs_restart);
	put_string(out, "status", status_word(row->status));
	put_string(out, "note", row->note);
	put_string(out, "description", row->description);
	fputs("\n  }", out);
}

static void put_option(FILE *out, const struct setting *row)
{
	fputs("  {\n   \"name\": ", out);
	put_text(out, row->name);
	put_flags(out, row);
	put_string(out, "description", row->description);
	fputs("\n  }", out);
}

void cli_dump_settings(FILE *out)
{
	const struct setting *row;

	fputs("{\n \"settings\": [\n", out);
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++) {
		fputs(i ? ",\n" : "", out);
		put_row(out, row);
	}
	fputs("\n ],\n \"options\": [\n", out);
	for (size_t i = 0; i < BUILTIN_COUNT; i++) {
		fputs(i ? ",\n" : "", out);
		put_option(out, &builtin_options[i]);
	}
	fputs("\n ]\n}\n", out);
}
