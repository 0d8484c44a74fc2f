/* shlex.split: quotes of both kinds, backslashes, no comments, no variables.
 *
 * A word only gets shorter as its quotes go, so each is made in a buffer as long
 * as the whole text. */
#include "words.h"

#include <stdlib.h>
#include <string.h>

struct splitter {
	const char *in;
	char *word; /* the one being made */
	size_t len;
	struct err *err;
};

static void put(struct splitter *s, char c)
{
	s->word[s->len++] = c;
}

/* Within double quotes a backslash escapes only what would mean something. */
static int take_quoted(struct splitter *s, char quote)
{
	for (; *s->in != quote; s->in++) {
		if (quote == '"' && *s->in == '\\') {
			if (s->in[1] == '\0')
				return err_set(s->err, "No escaped character");
			if (s->in[1] == '"' || s->in[1] == '\\')
				s->in++;
		}
		if (*s->in == '\0')
			return err_set(s->err, "No closing quotation");
		put(s, *s->in);
	}
	s->in++;
	return 0;
}

static int take_escaped(struct splitter *s)
{
	if (*s->in == '\0')
		return err_set(s->err, "No escaped character");
	put(s, *s->in++);
	return 0;
}

/* One word, which begins at s->in. */
static int take_word(struct splitter *s, const char *blanks)
{
	int rc = 0;

	s->len = 0;
	while (rc == 0 && *s->in && !strchr(blanks, *s->in)) {
		char c = *s->in++;

		if (c == '\'' || c == '"')
			rc = take_quoted(s, c);
		else if (c == '\\')
			rc = take_escaped(s);
		else
			put(s, c);
	}
	return rc;
}

static int append(struct string_list *words, const char *word, size_t len, struct err *err)
{
	char **items = reallocarray(words->items, words->count + 1, sizeof(*items));

	if (!items)
		return err_set(err, "Out of memory");
	words->items = items;
	items[words->count] = malloc(len + 1);
	if (!items[words->count])
		return err_set(err, "Out of memory");
	memcpy(items[words->count], word, len);
	items[words->count++][len] = '\0';
	return 0;
}

int words_split(struct string_list *words, const char *text, struct err *err)
{
	static const char blanks[] = " \t\r\n";
	struct splitter s = {.in = text, .word = malloc(strlen(text) + 1), .err = err};
	int rc = 0;

	if (!s.word)
		return err_set(err, "Out of memory");
	for (s.in += strspn(s.in, blanks); rc == 0 && *s.in; s.in += strspn(s.in, blanks)) {
		rc = take_word(&s, blanks);
		if (rc == 0)
			rc = append(words, s.word, s.len, err);
	}
	free(s.word);
	return rc;
}

void words_free(struct string_list *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
	*words = (struct string_list){0};
}
