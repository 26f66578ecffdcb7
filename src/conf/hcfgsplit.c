/* SPDX-License-Identifier: MIT */
#include "hcfgsplit.h"

#include "base/number.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 128, WORD_LEN_MAX = 64 << 10 };

struct splitter {
	const char *in;
	const struct hcfgcond_variables *variables;
	struct mem_arena *arena;
	struct hcfgsplit *out;
	struct text word;
	bool in_word;
	char quote;      /* '"', '\'' or 0 */
	bool was_filled; /* since the quote was opened something was put into the word */
	const char *opened;
};

static bool put(struct splitter *s, char c, struct error *err)
{
	if (s->word.len == WORD_LEN_MAX)
		return error_set(err, "a word is longer than %d bytes", WORD_LEN_MAX);
	text_addc(&s->word, c);
	s->in_word = true;
	s->was_filled = true;
	return true;
}

static bool end_word(struct splitter *s, struct error *err)
{
	if (!s->in_word)
		return true;
	if (s->out->count == HCFGSPLIT_WORDS_MAX)
		return error_set(err, "the line has more than %d words", HCFGSPLIT_WORDS_MAX);
	s->out->words[s->out->count++] =
	    mem_arena_strndup(s->arena, text_str(&s->word), s->word.len);
	text_clear(&s->word);
	s->in_word = false;
	return true;
}

static bool split_hex(struct splitter *s, struct error *err)
{
	int high = number_hex_digit(s->in[2]);
	int low = high < 0 ? -1 : number_hex_digit(s->in[3]);

	if (low < 0)
		return error_set(err, "\"%.4s\" is not \\x and two hexadecimal digits", s->in);
	if (!high && !low)
		return error_set(err, "\\x00: a word cannot hold a NUL");
	s->in += 4;
	return put(s, (char)(high << 4 | low), err);
}

/* What follows a backslash outside of single quotes. */
static bool split_escape(struct splitter *s, struct error *err)
{
	static const struct {
		char letter, blank;
	} blanks[] = { { 't', '\t' }, { 'n', '\n' }, { 'r', '\r' } };
	static const char plain[] = " \\#'\"";
	char c = s->in[1];

	if (c == 'x')
		return split_hex(s, err);
	if (c && (strchr(plain, c) || (c == '$' && s->quote == '"'))) {
		s->in += 2;
		return put(s, c, err);
	}
	for (size_t i = 0; i < ARRAY_LEN(blanks); i++)
		if (c == blanks[i].letter) {
			s->in += 2;
			return put(s, blanks[i].blank, err);
		}
	s->in++;
	return put(s, '\\', err);
}

/* The value of a variable; with "[*]" its spaces separate words. */
static bool put_value(struct splitter *s, const char *value, size_t len, bool words,
                      struct error *err)
{
	for (size_t i = 0; i < len; i++) {
		if (words && isspace((unsigned char)value[i])) {
			if (!end_word(s, err))
				return false;
		} else if (!put(s, value[i], err)) {
			return false;
		}
	}
	return true;
}

static bool read_name(struct splitter *s, char name[static NAME_ROOM], struct error *err)
{
	size_t len = *s->in == '.';

	if (!isalpha((unsigned char)*s->in) && *s->in != '_' && *s->in != '.')
		return error_set(err, "\"%.20s\": a variable begins with a letter or '_'", s->in);
	while (isalnum((unsigned char)s->in[len]) || s->in[len] == '_')
		len++;
	if (len >= NAME_ROOM)
		return error_set(err, "\"%.20s...\": the name of the variable is too long", s->in);
	memcpy(name, s->in, len);
	name[len] = '\0';
	s->in += len;
	return true;
}

/* $NAME, ${NAME}, ${NAME-default}, ${NAME[*]}, in double quotes. */
static bool split_variable(struct splitter *s, struct error *err)
{
	const char *begin = s->in++;
	bool brace = *s->in == '{';
	bool words = false;
	const char *value;
	char name[NAME_ROOM];
	size_t len;

	s->in += brace;
	if (!read_name(s, name, err))
		return false;
	value = s->variables->get(s->variables->context, name);
	len = value ? strlen(value) : 0;
	if (brace && *s->in == '[') {
		if (strncmp(s->in, "[*]", 3) != 0)
			return error_set(err, "\"%.30s\": only [*] may stand there", begin);
		s->in += 3;
		words = true;
	}
	if (brace && *s->in == '-') {
		size_t n = strcspn(s->in + 1, "}");

		if (!value) {
			value = s->in + 1;
			len = n;
		}
		s->in += 1 + n;
	}
	if (brace && *s->in != '}')
		return error_set(err, "\"%.30s\": a } is missing", begin);
	s->in += brace;
	if (words)
		s->was_filled = true; /* an empty list makes no word */
	else
		s->in_word = true;
	return !value || put_value(s, value, len, words, err);
}

static void split_quote(struct splitter *s)
{
	if (s->quote) {
		if (!s->was_filled)
			s->in_word = true;
		s->quote = '\0';
	} else {
		s->quote = *s->in;
		s->opened = s->in;
		s->was_filled = false;
	}
	s->in++;
}

/* U+00A0 in UTF-8: what word processors and web pages make of indentation. */
static bool is_no_break_space(const char *s)
{
	return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] == 0xa0;
}

static bool split_next(struct splitter *s, struct error *err)
{
	char c = *s->in;

	if (c == s->quote || (!s->quote && (c == '"' || c == '\''))) {
		split_quote(s);
		return true;
	}
	if (c == '\\' && s->quote != '\'')
		return split_escape(s, err);
	if (c == '$' && s->quote == '"')
		return split_variable(s, err);
	if (!s->quote && isspace((unsigned char)c)) {
		s->in++;
		return end_word(s, err);
	}
	if (!s->quote && is_no_break_space(s->in)) {
		s->out->no_break_space = true;
		s->in += 2;
		return end_word(s, err);
	}
	s->in++;
	return put(s, c, err);
}

bool hcfgsplit_line(const char *line, const struct hcfgcond_variables *variables,
                    struct mem_arena *arena, struct hcfgsplit *ret, struct error *err)
{
	struct splitter s = { .in = line, .variables = variables, .arena = arena, .out = ret };
	bool ok = true;

	*ret = (struct hcfgsplit){ 0 };
	while (ok && *s.in && *s.in != '\n' && (*s.in != '#' || s.quote))
		ok = split_next(&s, err);
	if (ok && s.quote)
		ok = error_set(err, "\"%.30s\": the quote is not closed", s.opened);
	ok = ok && end_word(&s, err);
	text_release(&s.word);
	return ok;
}
