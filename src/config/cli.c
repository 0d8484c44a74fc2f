/* argparse, as far as gunicorn's command line needs it.
 *
 * The words are read from left to right and only noted; when all are good, and
 * a configuration file has been read, the notes are laid over the settings.  That
 * order shows: argparse's own complaints (exit code 2) come before any complaint
 * of a setting (exit code 1), and of two -w only the last has to be a good number
 * of workers.
 *
 * Followed closely, since scripts and muscle memory depend on it: unique
 * prefixes of long flags, values glued to flags, which words count as values
 * (-1 does, -x does not), and that all positionals have to stand together.
 * The sentences are CPython 3.11's.  An ambiguous flag is reported when it is
 * reached, as later versions do it, not before everything else. */
#include "ucorn/config/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ucorn/config/table.h"
#include "words.h"

#define EXIT_USAGE 2

/* A text made piecemeal and cut at the end, as err's is. */
struct phrase {
	size_t len, items;
	char text[sizeof(((struct err *)NULL)->text)];
};

PRINTF_LIKE(2, 3) static void phrase_add(struct phrase *p, const char *fmt, ...)
{
	size_t room = sizeof(p->text) - p->len;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(p->text + p->len, room, fmt, args);
	va_end(args);
	if (len > 0)
		p->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void phrase_add_item(struct phrase *p, const char *separator, const char *item)
{
	phrase_add(p, "%s%s", p->items++ > 0 ? separator : "", item);
}

/* Python's repr() of a text: messages show values with it. */
static void phrase_add_repr(struct phrase *p, const char *text)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';

	phrase_add(p, "%c", quote);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == (unsigned char)quote || c == '\\')
			phrase_add(p, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			phrase_add(p, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
		else if (c < 0x20 || c == 0x7f)
			phrase_add(p, "\\x%02x", c);
		else
			phrase_add(p, "%c", c);
	}
	phrase_add(p, "%c", quote);
}

/* The words while they are read. */
struct cli {
	int argc;
	char **argv;
	int at; /* the word to be read next */
	struct command_line *line;
	bool positionals_over;
	struct phrase unrecognized;
};

enum word {
	WORD_PLAIN,	/* a positional or a value */
	WORD_OPTION,	/* names an option of ours */
	WORD_AMBIGUOUS, /* abbreviates several */
	WORD_UNKNOWN,	/* looks like an option, but is none */
	WORD_END,	/* --: only positionals follow */
};

/* An option that a word names. */
struct match {
	const struct setting *row;
	const char *glued; /* the value in the same word; NULL: none */
};

/* All rows, in the order in which gunicorn adds them to its parser. */
static const struct setting *row_at(size_t i)
{
	if (i < BUILTIN_COUNT)
		return &builtin_options[i];
	return setting_at(i - BUILTIN_COUNT);
}

static const struct setting *row_with_flag(const char *flag, size_t len)
{
	const struct setting *row;

	for (size_t i = 0; (row = row_at(i)) != NULL; i++)
		for (size_t j = 0; row->flags[j]; j++)
			if (strlen(row->flags[j]) == len && memcmp(row->flags[j], flag, len) == 0)
				return row;
	return NULL;
}

/* How many flags start with the long prefix; they are added to candidates, and
 * *last is the row of the last one. */
static size_t find_abbreviated(const char *prefix, size_t len, const struct setting **last,
			       struct phrase *candidates)
{
	const struct setting *row;
	size_t found = 0;

	for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
		for (size_t j = 0; row->flags[j]; j++) {
			if (strncmp(row->flags[j], prefix, len) != 0)
				continue;
			phrase_add_item(candidates, ", ", row->flags[j]);
			*last = row;
			found++;
		}
	}
	return found;
}

/* argparse's ^-\d+$|^-\d*\.\d+$ */
static bool is_negative_number(const char *word)
{
	static const char digits[] = "0123456789";
	const char *rest = word + 1 + strspn(word + 1, digits);

	if (*rest == '.' && rest[1] != '\0')
		rest += 1 + strspn(rest + 1, digits);
	return rest > word + 1 && *rest == '\0';
}

/* What word is; candidates gets the flags that an abbreviation stands for. */
static enum word classify(const char *word, struct match *match, struct phrase *candidates)
{
	size_t flag_len = strcspn(word, "=");
	size_t found;

	if (word[0] != '-' || word[1] == '\0')
		return WORD_PLAIN;
	if (strcmp(word, "--") == 0)
		return WORD_END;

	match->glued = word[flag_len] == '=' ? word + flag_len + 1 : NULL;
	match->row = row_with_flag(word, flag_len);
	if (match->row)
		return WORD_OPTION;

	if (word[1] == '-') {
		found = find_abbreviated(word, flag_len, &match->row, candidates);
		if (found > 0)
			return found == 1 ? WORD_OPTION : WORD_AMBIGUOUS;
	} else {
		match->glued = word + 2;
		match->row = row_with_flag(word, 2);
		if (match->row)
			return WORD_OPTION;
	}
	if (is_negative_number(word) || strchr(word, ' '))
		return WORD_PLAIN;
	return WORD_UNKNOWN;
}

static enum word kind_of(const char *word)
{
	struct phrase candidates = {0};
	struct match match;

	return classify(word, &match, &candidates);
}

/* `argument -w/--workers: COMPLAINT 'value'`; value may be NULL. */
static int argument_error(struct err *err, const struct setting *row, const char *complaint,
			  const char *value)
{
	struct phrase flags = {0}, shown = {0};

	for (size_t i = 0; row->flags[i]; i++)
		phrase_add_item(&flags, "/", row->flags[i]);
	if (value) {
		phrase_add(&shown, " ");
		phrase_add_repr(&shown, value);
	}
	return err_set_exit(err, EXIT_USAGE, "argument %s: %s%s", flags.text, complaint,
			    shown.text);
}

static int add_note(struct command_line *line, const struct setting *row, const char *text,
		    struct err *err)
{
	if (line->notes_count == line->notes_room) {
		size_t room = line->notes_room ? 2 * line->notes_room : 16;
		struct cli_note *notes = reallocarray(line->notes, room, sizeof(*notes));

		if (!notes)
			return err_set(err, "Out of memory");
		line->notes = notes;
		line->notes_room = room;
	}
	line->notes[line->notes_count++] = (struct cli_note){row, text};
	return 0;
}

/* Whether row is an option that is no setting; then it has taken effect. */
static bool take_builtin(struct command_line *line, const struct setting *row)
{
	if (row < builtin_options || row >= builtin_options + BUILTIN_COUNT)
		return false;
	switch (row - builtin_options) {
	case BUILTIN_HELP:
		line->action = CLI_HELP;
		break;
	case BUILTIN_VERSION:
		line->action = CLI_VERSION;
		break;
	case BUILTIN_EXPLAIN:
		line->explain = true;
		break;
	case BUILTIN_DUMP:
		line->action = CLI_DUMP;
		break;
	}
	return true;
}

/* An option with its value takes effect. */
static int take_effect(struct cli *c, const struct setting *row, const char *text, struct err *err)
{
	const struct setting_type *type = row->type;

	if (take_builtin(c->line, row))
		return 0;
	if (type->passes_argparse && !type->passes_argparse(text)) {
		char complaint[64];

		snprintf(complaint, sizeof(complaint), "invalid %s value:", type->python_type);
		return argument_error(err, row, complaint, text);
	}
	return add_note(c->line, row, text, err);
}

static int take_value(struct cli *c, const struct match *match, struct err *err)
{
	if (match->glued)
		return take_effect(c, match->row, match->glued, err);
	if (c->at == c->argc || kind_of(c->argv[c->at]) != WORD_PLAIN)
		return match->row->flag_text
			       ? take_effect(c, match->row, match->row->flag_text, err)
			       : argument_error(err, match->row, "expected one argument", NULL);
	return take_effect(c, match->row, c->argv[c->at++], err);
}

/* The option behind a short switch in the same word: v in -hv, w in -hw4. */
static struct match next_in_bundle(const char *word, const struct match *match)
{
	const char flag[] = {'-', match->glued[0]};
	struct match next = {0};

	if (word[1] == '-' || match->glued[0] == '\0')
		return next;
	next.row = row_with_flag(flag, sizeof(flag));
	next.glued = match->glued[1] ? match->glued + 1 : NULL;
	return next;
}

/* The option, or options, in word, which stands before c->at. */
static int take_option(struct cli *c, const char *word, struct match match, struct err *err)
{
	while (!match.row->type->takes_value) {
		struct match next = {0};

		if (match.glued) {
			next = next_in_bundle(word, &match);
			if (!next.row)
				return argument_error(err, match.row, "ignored explicit argument",
						      match.glued);
		}
		if (take_effect(c, match.row, match.row->flag_text ? match.row->flag_text : "true",
				err) < 0)
			return -1;
		if (!next.row || c->line->action != CLI_RUN)
			return 0;
		match = next;
	}
	return take_value(c, &match, err);
}

/* The run of positionals at c->at.  The first run has the application, and
 * gunicorn ignores the rest of it; argparse has no use for a second run. */
static void take_positionals(struct cli *c)
{
	bool ended = false;

	for (; c->at < c->argc; c->at++) {
		const char *word = c->argv[c->at];
		enum word kind = ended ? WORD_PLAIN : kind_of(word);

		if (kind != WORD_PLAIN && kind != WORD_END)
			break;
		ended = ended || kind == WORD_END;
		if (c->positionals_over)
			phrase_add_item(&c->unrecognized, " ", word);
		else if (kind == WORD_PLAIN && !c->line->app)
			c->line->app = word;
	}
	c->positionals_over = true;
}

static int take_next(struct cli *c, struct err *err)
{
	const char *word = c->argv[c->at];
	struct phrase candidates = {0};
	struct match match = {0};

	switch (classify(word, &match, &candidates)) {
	case WORD_PLAIN:
	case WORD_END:
		take_positionals(c);
		break;
	case WORD_OPTION:
		c->at++;
		return take_option(c, word, match, err);
	case WORD_AMBIGUOUS:
		return err_set_exit(err, EXIT_USAGE, "ambiguous option: %s could match %s", word,
				    candidates.text);
	case WORD_UNKNOWN:
		c->at++;
		phrase_add_item(&c->unrecognized, " ", word);
		break;
	}
	return 0;
}

static int read_words(struct command_line *line, int argc, char **argv, struct err *err)
{
	struct cli c = {.argc = argc, .argv = argv, .at = 1, .line = line};

	while (c.at < argc && line->action == CLI_RUN)
		if (take_next(&c, err) < 0)
			return -1;
	if (line->action == CLI_RUN && c.unrecognized.items > 0)
		return err_set_exit(err, EXIT_USAGE, "unrecognized arguments: %s",
				    c.unrecognized.text);
	return 0;
}

int cli_read(struct command_line *line, int argc, char **argv, struct err *err)
{
	*line = (struct command_line){0};
	return read_words(line, argc, argv, err);
}

int cli_read_text(struct command_line *line, const char *text, struct err *err)
{
	struct string_list *words = &line->words;

	*line = (struct command_line){0};
	if (!text)
		return 0;
	/* Reading skips the first word, which is the program's name. */
	if (words_split(words, "ucorn", err) < 0 || words_split(words, text, err) < 0)
		return -1;
	return read_words(line, (int)words->count, words->items, err);
}

const char *cli_value(const struct command_line *line, const char *name)
{
	for (size_t i = line->notes_count; i > 0; i--)
		if (strcmp(line->notes[i - 1].row->name, name) == 0)
			return line->notes[i - 1].text;
	return NULL;
}

void cli_release(struct command_line *line)
{
	free(line->notes);
	words_free(&line->words);
	*line = (struct command_line){0};
}

static int apply_row(const struct command_line *line, const struct setting *row, struct settings *s,
		     enum origin origin, struct err *err)
{
	const char *last = NULL;

	for (size_t i = 0; i < line->notes_count; i++) {
		if (line->notes[i].row != row)
			continue;
		last = line->notes[i].text;
		if (setting_accumulates(row) && settings_set(s, row->name, last, origin, err) < 0)
			return -1;
	}
	if (!last || setting_accumulates(row))
		return 0;
	return settings_set(s, row->name, last, origin, err);
}

static int apply_app(struct settings *s, const char *app, struct err *err)
{
	char *copy = strdup(app);

	if (!copy)
		return err_set(err, "Out of memory");
	free(s->app);
	s->app = copy;
	/* Just a better default: a configuration file may replace it. */
	return settings_set(s, "default_proc_name", app, ORIGIN_DEFAULT, err);
}

int cli_apply(const struct command_line *line, struct settings *s, enum origin origin,
	      struct err *err)
{
	const struct setting *row;

	if (line->app && origin == ORIGIN_COMMAND_LINE && apply_app(s, line->app, err) < 0)
		return -1;
	for (size_t i = 0; (row = setting_at(i)) != NULL; i++)
		if (apply_row(line, row, s, origin, err) < 0)
			return -1;
	return 0;
}
