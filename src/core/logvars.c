/* SPDX-License-Identifier: MIT */
#include "core/logvars.h"

#include "base/suggest.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

static const struct {
	const char *name;
	char needs;
} table[] = {
#define X(id, name, needs) [LOGVARS_##id] = { name, needs },
	LOGVARS_ALIAS_TABLE(X) LOGVARS_SAMPLE_TABLE(X)
#undef X
};

enum { FIRST_SAMPLE = LOGVARS_GET_SRC };

/* HAProxy refuses them in TCP mode. */
static const char *const http_names[] = { "CC", "CS", "HM", "HP", "HPO", "HQ", "HU",  "HV", "Ta",
	                                  "Ti", "TR", "Tq", "Tr", "r",   "tr", "trg", "trl" };

struct logvars logvars_begin(const char *format)
{
	return (struct logvars){ .at = format, .defaults = LOGVARS_MANDATORY, .spaced = true };
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(s, word, len) == 0;
}

static bool has_name(const struct logvars_piece *p, const char *name)
{
	return is_word(p->text, p->len, name);
}

static bool find(const struct logvars_piece *p, int from, int to, enum logvars_id *ret)
{
	for (int i = from; i < to; i++) {
		if (has_name(p, table[i].name)) {
			*ret = (enum logvars_id)i;
			return true;
		}
	}
	return false;
}

static unsigned int flag_of(const char *name, size_t len)
{
	static const char letters[] = "QXEM";
	const char *found = len == 1 && *name ? strchr(letters, *name) : NULL;

	return found ? 1U << (found - letters) : 0;
}

/* "+Q,-X": a sign begins a name, a comma or a space ends it; what is not known is left out. */
static unsigned int read_flags(const char *s, const char *end, unsigned int flags)
{
	const char *name = NULL;
	char sign = 0;

	for (;; s++) {
		if (s == end || *s == ',' || *s == ' ') {
			unsigned int flag = name ? flag_of(name, (size_t)(s - name)) : 0;

			flags = sign == '+' ? flags | flag : flags & ~flag;
			name = NULL;
		}
		if (s == end)
			return flags;
		if (*s == '+' || *s == '-') {
			sign = *s;
			name = s + 1;
		}
	}
}

/* The end of what is between brackets, or NULL: one in the argument's own is part of it. */
static const char *find_end(const char *s)
{
	bool inside = false;

	for (; *s; s++) {
		if (*s == '(')
			inside = true;
		else if (*s == ')')
			inside = false;
		else if (*s == ']' && !inside)
			return s;
	}
	return NULL;
}

static bool is_number(const char *s, size_t len)
{
	size_t sign = len && *s == '-';

	return len > sign && len - sign <= 18 && strspn(s + sign, DIGITS) >= len - sign;
}

/* May `id` have this argument?  Quotes and escapes are not for us. */
static bool takes(enum logvars_id id, const char *s, size_t len)
{
	if (id == LOGVARS_GET_STR)
		return !memchr(s, '\\', len) && !memchr(s, '"', len) && !memchr(s, '\'', len) &&
		       !memchr(s, ',', len) && !memchr(s, '(', len);
	if (id == LOGVARS_GET_BOOL)
		return is_word(s, len, "0") || is_word(s, len, "1") || is_word(s, len, "true") ||
		       is_word(s, len, "false");
	return id == LOGVARS_GET_INT && is_number(s, len);
}

static bool needs_argument(enum logvars_id id)
{
	return id == LOGVARS_GET_STR || id == LOGVARS_GET_BOOL || id == LOGVARS_GET_INT;
}

static enum logvars_what read_sample(struct logvars *v, struct logvars_piece *p)
{
	const char *name = v->at + 1;
	const char *end = find_end(name);
	const char *open;
	struct logvars_piece key = { .text = name };

	p->text = name;
	p->len = end ? (size_t)(end - name) : strlen(name);
	if (!end)
		return LOGVARS_BROKEN;
	v->at = end + 1;
	open = memchr(name, '(', p->len);
	key.len = open ? (size_t)(open - name) : p->len;
	if (!find(&key, FIRST_SAMPLE, LOGVARS_COUNT, &p->id) || needs_argument(p->id) != !!open)
		return LOGVARS_FOREIGN;
	if (!open)
		return LOGVARS_VALUE;
	if (end[-1] != ')' || !takes(p->id, open + 1, (size_t)(end - open) - 2))
		return LOGVARS_FOREIGN;
	p->text = open + 1;
	p->len = (size_t)(end - open) - 2;
	return LOGVARS_VALUE;
}

static enum logvars_what read_alias(struct logvars *v, struct logvars_piece *p)
{
	p->text = v->at;
	p->len = strspn(v->at, LETTERS DIGITS);
	v->at += p->len;
	if (find(p, 0, FIRST_SAMPLE, &p->id))
		return LOGVARS_VALUE;
	for (size_t i = 0; i < ARRAY_LEN(http_names); i++)
		if (has_name(p, http_names[i]))
			return LOGVARS_HTTP;
	return LOGVARS_UNKNOWN;
}

/* After a '%'; true if it was %o, which is nothing but flags for all that follow. */
static bool read_variable(struct logvars *v, struct logvars_piece *p, enum logvars_what *ret)
{
	const char *first = DIGITS;

	p->flags = v->defaults;
	p->text = v->at;
	p->len = strlen(v->at);
	*ret = LOGVARS_BROKEN;
	if (*v->at == '{') {
		const char *end = strchr(v->at, '}');

		if (!end)
			return false;
		p->flags = read_flags(v->at + 1, end, p->flags);
		v->at = end + 1;
		first = "";
	}
	if (*v->at == '[') {
		*ret = read_sample(v, p);
		return false;
	}
	if (!is_one_of(*v->at, LETTERS DIGITS) || is_one_of(*v->at, first))
		return false;
	*ret = read_alias(v, p);
	if (*ret != LOGVARS_UNKNOWN || !has_name(p, "o"))
		return false;
	v->defaults = p->flags;
	return true;
}

/* Text up to the next '%' or space. */
static void read_text(struct logvars *v, struct logvars_piece *p)
{
	p->text = v->at;
	p->len = *v->at == ' ' ? 1 : strcspn(v->at, "% ");
	v->at += p->len;
}

/* Captures of HTTP are nothing in TCP, not even what parts two spaces. */
static bool is_capture(enum logvars_what what, const struct logvars_piece *p)
{
	return what == LOGVARS_VALUE &&
	       (p->id == LOGVARS_REQUEST_CAPTURE || p->id == LOGVARS_REQUEST_CAPTURES ||
	        p->id == LOGVARS_RESPONSE_CAPTURE || p->id == LOGVARS_RESPONSE_CAPTURES);
}

enum logvars_what logvars_next(struct logvars *v, struct logvars_piece *ret)
{
	enum logvars_what what = LOGVARS_TEXT;

	for (;;) {
		bool spaced = v->spaced;

		*ret = (struct logvars_piece){ .start = v->at };
		if (!*v->at)
			return LOGVARS_END;
		if (*v->at == ' ' && spaced) {
			v->at++;
			continue;
		}
		v->spaced = *v->at == ' ';
		if (*v->at != '%') {
			read_text(v, ret);
			break;
		}
		v->at++;
		/* Before any other sign a '%' is nothing: "%%", "%(". */
		if (*v->at && !is_one_of(*v->at, LETTERS DIGITS "[{ \t")) {
			ret->text = v->at++;
			ret->len = 1;
			break;
		}
		if (!read_variable(v, ret, &what)) {
			v->spaced = spaced && is_capture(what, ret);
			break;
		}
		v->spaced = spaced;
		what = LOGVARS_TEXT;
	}
	if (what == LOGVARS_BROKEN)
		v->at += strlen(v->at);
	ret->end = v->at;
	return what;
}

static bool refuse_unknown(const struct logvars_piece *p, struct error *err)
{
	const char *names[FIRST_SAMPLE];
	char word[32];
	const char *near;

	for (size_t i = 0; i < FIRST_SAMPLE; i++)
		names[i] = table[i].name;
	word[0] = '\0';
	strncat(word, p->text, p->len < sizeof(word) ? p->len : sizeof(word) - 1);
	near = suggest_nearest(word, names, ARRAY_LEN(names));
	return error_set(err, "there is no variable %%%s%s%s%s", word,
	                 near ? "; did you mean %" : "", near ? near : "", near ? "?" : "");
}

static bool refuse(enum logvars_what what, const char *format, const struct logvars_piece *p,
                   struct error *err)
{
	int len = p->len < 40 ? (int)p->len : 40;

	switch (what) {
	case LOGVARS_HTTP:
		return error_set(err, "%%%.*s is for HTTP", len, p->text);
	case LOGVARS_FOREIGN:
		return error_set(err, "there is no sample %%[%.*s]", len, p->text);
	case LOGVARS_UNKNOWN:
		return refuse_unknown(p, err);
	case LOGVARS_BROKEN:
		return error_set(err,
		                 "after the %% at character %zu comes a name, a [sample], or "
		                 "another %% for the sign itself",
		                 (size_t)(p->start - format) + 1);
	case LOGVARS_END:
	case LOGVARS_TEXT:
	case LOGVARS_VALUE:
		break;
	}
	return true;
}

bool logvars_check(const char *format, struct error *err)
{
	struct logvars v = logvars_begin(format);
	struct logvars_piece p;
	enum logvars_what what;

	while ((what = logvars_next(&v, &p)) != LOGVARS_END)
		if (!refuse(what, format, &p, err))
			return false;
	return true;
}

bool logvars_shows_addresses(const char *format)
{
	struct logvars v = logvars_begin(format ? format : "");
	struct logvars_piece p;
	enum logvars_what what;

	while ((what = logvars_next(&v, &p)) != LOGVARS_END)
		if (what == LOGVARS_VALUE && table[p.id].needs == 'A')
			return true;
	return false;
}
