/* SPDX-License-Identifier: MIT */
#include "core/simevent.h"

#include "base/mem.h"
#include "base/number.h"
#include "base/suggest.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 6, WEIGHT_MAX = 256, PERCENT_MAX = 25600 };

enum form { NODE, ORDER, CLIENTS };

static const struct {
	const char *word, *value, *help;
	enum form form;
} table[] = {
#define X(name, word_, form_, value_, help_)                                                       \
	[SIMEVENT_##name] = { .word = (word_), .value = (value_), .help = (help_), .form = form_ },
	SIMEVENT_TABLE(X)
#undef X
};

static const char *const words[] = {
#define X(name, word, form, value, help) [SIMEVENT_##name] = (word),
	SIMEVENT_TABLE(X)
#undef X
};

/* One event, taken apart. */
struct piece {
	char text[SIMEVENT_SUBJECT_MAX + 128];
	char *word[WORDS_MAX];
	size_t count;
	char joined[SIMEVENT_SUBJECT_MAX]; /* "10" and "s" */
};

static bool find(const char *word, enum simevent_kind *ret)
{
	for (int i = 0; i < SIMEVENT_KINDS; i++)
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum simevent_kind)i;
			return true;
		}
	return false;
}

/* "n2 slows 200ms at 10s" */
static void write_example(enum simevent_kind k, struct text *out)
{
	const char *value = table[k].value;

	text_addf(out, table[k].form == NODE ? "\"n2 %s" : "\"%s", table[k].word);
	text_add(out, table[k].form == ORDER ? " n2" : "");
	text_addf(out, value[0] ? " %s at 10s\"" : " at 10s\"", value);
}

static bool complain(enum simevent_kind k, struct error *err)
{
	AUTO_TEXT example = { 0 };

	write_example(k, &example);
	return error_set(err, "write %s", text_str(&example));
}

static bool complain_unknown(const char *word, struct error *err)
{
	const char *near = suggest_nearest(word, words, ARRAY_LEN(words));
	AUTO_TEXT all = { 0 };

	if (near)
		return error_set(err, "nothing is called \"%.60s\": did you mean \"%s\"?", word,
		                 near);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		text_addf(&all, "%s%s",
		          i == 0                     ? ""
		          : i + 1 < ARRAY_LEN(words) ? ", "
		                                     : " and ",
		          words[i]);
	return error_set(err, "nothing is called \"%.60s\"; there are %s, as in \"n2 dies at 10s\"",
	                 word, text_str(&all));
}

/* --- a piece ------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool split(struct piece *p, struct error *err)
{
	char *s = p->text;

	p->count = 0;
	for (;;) {
		while (is_blank(*s))
			*s++ = '\0';
		if (!*s)
			return true;
		if (p->count == WORDS_MAX)
			return error_set(err, "it has too many words; write as \"n2 dies at 10s\"");
		p->word[p->count++] = s;
		while (*s && !is_blank(*s)) {
			if (*s < '!' || *s > '~')
				return error_set(err,
				                 "it has a character that no name and no word has");
			s++;
		}
	}
}

/* The time is last: "10s", "10 s". */
static bool take_time(struct piece *p, int64_t *ret_ms, struct error *err)
{
	uint64_t number;
	uint64_t ms;

	if (p->count >= 2 && number_parse(p->word[p->count - 2], UINT32_MAX, &number)) {
		snprintf(p->joined, sizeof(p->joined), "%s%s", p->word[p->count - 2],
		         p->word[p->count - 1]);
		if (!number_parse(p->joined, UINT64_MAX, &number) &&
		    number_parse_duration(p->joined, &ms))
			p->word[--p->count - 1] = p->joined;
	}
	if (number_parse(p->word[p->count - 1], UINT64_MAX, &number) ||
	    !number_parse_duration(p->word[p->count - 1], &ms))
		return error_set(err,
		                 "\"%.60s\" is no time: end with one with its unit, as \"at 10s\"",
		                 p->word[p->count - 1]);
	if (ms > (uint64_t)SIMEVENT_LATEST_MS)
		return error_set(err, "nothing can be later than after a day (1d)");
	*ret_ms = (int64_t)ms;
	p->count--;
	if (p->count && strcmp(p->word[p->count - 1], "at") == 0)
		p->count--;
	return true;
}

static bool take_weight(const char *s, struct simevent *e)
{
	char digits[16];
	size_t len = strlen(s);
	uint64_t n;

	e->percent = len && s[len - 1] == '%';
	if (len >= sizeof(digits))
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)(len - e->percent), s);
	if (!number_parse(digits, e->percent ? PERCENT_MAX : WEIGHT_MAX, &n))
		return false;
	e->value = (uint32_t)n;
	return true;
}

static bool take_slowness(const char *s, struct simevent *e)
{
	uint64_t bare;
	uint64_t ms;

	if (number_parse(s, UINT64_MAX, &bare) || !number_parse_duration(s, &ms) ||
	    ms > (uint64_t)SIMEVENT_LATEST_MS)
		return false;
	e->value = (uint32_t)ms;
	return true;
}

static bool take_value(const char *s, struct simevent *e, struct error *err)
{
	uint64_t n = 0;

	if (e->kind == SIMEVENT_RATE)
		return simarrival_parse_rate(s, &e->rate, err);
	if (e->kind == SIMEVENT_BURST) {
		if (!number_parse(s, SIMEVENT_BURST_MAX, &n) || !n)
			return error_set(err, "\"%.60s\": a burst is of 1 to %d clients", s,
			                 SIMEVENT_BURST_MAX);
		e->value = (uint32_t)n;
		return true;
	}
	if (e->kind == SIMEVENT_WEIGHT && !take_weight(s, e))
		return error_set(err, "\"%.60s\" is no weight: write 0 to %d, or 50%%", s,
		                 WEIGHT_MAX);
	if (e->kind == SIMEVENT_SLOWS && !take_slowness(s, e))
		return error_set(err, "\"%.60s\": write how long an answer takes, as 200ms", s);
	return true;
}

/* Which word says what happens; the subject stands on its other side, or was named before. */
static bool find_kind(const struct piece *p, struct simevent *e, size_t *ret_at, struct error *err)
{
	if (!p->count)
		return error_set(err, "what happens is missing: write as \"n2 dies at 10s\"");
	*ret_at = 0;
	if (find(p->word[0], &e->kind) &&
	    (p->count < 2 || table[e->kind].form != NODE || e->kind == SIMEVENT_SLOWS))
		return true;
	*ret_at = 1;
	if (p->count < 2)
		return complain_unknown(p->word[0], err);
	if (!find(p->word[1], &e->kind))
		return complain_unknown(p->word[1], err);
	return table[e->kind].form == NODE || complain(e->kind, err);
}

static bool take_subject(const char *subject, struct simevent *e, struct error *err)
{
	if (strlen(subject) >= sizeof(e->subject))
		return error_set(err, "no server has such a long name");
	snprintf(e->subject, sizeof(e->subject), "%s", subject);
	return true;
}

static bool parse_words(struct piece *p, const char *before, struct simevent *e, struct error *err)
{
	const char *subject = "";
	size_t at = 0;
	size_t next;

	if (!take_time(p, &e->at_ms, err) || !find_kind(p, e, &at, err))
		return false;
	next = at + 1;
	if (table[e->kind].form == NODE)
		subject = at ? p->word[0] : before;
	else if (table[e->kind].form == ORDER && next < p->count)
		subject = p->word[next++];
	if (table[e->kind].form != CLIENTS && !subject[0])
		return complain(e->kind, err);
	if (p->count != next + (table[e->kind].value[0] != '\0'))
		return complain(e->kind, err);
	return take_subject(subject, e, err) &&
	       (next == p->count || take_value(p->word[next], e, err));
}

/* --- the list ----------------------------------------------------------------------------- */

static bool add(struct simevent_list *l, const char *start, size_t len, const char *before,
                struct error *err)
{
	struct simevent e = { 0 };
	struct piece p;

	if (l->count == SIMEVENT_MAX)
		return error_set(err, "more than %d events", SIMEVENT_MAX);
	if (len >= sizeof(p.text))
		return error_set(err, "\"%.40s...\" is too long for an event", start);
	snprintf(p.text, sizeof(p.text), "%.*s", (int)len, start);
	if (!split(&p, err) || !p.count)
		return p.count ? error_wrap(err, "\"%.*s\"", (int)len, start) : true;
	if (!parse_words(&p, before, &e, err))
		return error_wrap(err, "\"%.*s\"", (int)len, start);
	l->at = mem_resize(l->at, l->count + 1, sizeof(*l->at));
	l->at[l->count++] = e;
	return true;
}

static size_t length_of(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '\n' && s[n] != ';' && s[n] != '#' &&
	       !(s[n] == ',' && (is_blank(s[n + 1]) || s[n + 1] == '\n' || !s[n + 1])))
		n++;
	return n;
}

static const char *subject_before(const struct simevent_list *l, size_t since)
{
	return l->count > since ? l->at[l->count - 1].subject : "";
}

bool simevent_parse(struct simevent_list *l, const char *text, unsigned int *ret_line,
                    struct error *err)
{
	unsigned int line = 1;
	size_t since = l->count;

	while (*text) {
		size_t len;

		text += strspn(text, " \t\r");
		len = length_of(text);
		if (ret_line)
			*ret_line = line;
		if (!add(l, text, len, subject_before(l, since), err))
			return false;
		text += len;
		if (*text == '#')
			text += strcspn(text, "\n");
		if (*text == '\n') {
			line++;
			since = l->count;
		}
		if (*text)
			text++;
	}
	return true;
}

struct rank {
	struct simevent e;
	size_t place;
};

static int compare(const void *a, const void *b)
{
	const struct rank *x = a;
	const struct rank *y = b;

	if (x->e.at_ms != y->e.at_ms)
		return x->e.at_ms < y->e.at_ms ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

void simevent_sort(struct simevent_list *l)
{
	struct rank *ranks = mem_zalloc((l->count + 1) * sizeof(*ranks));

	for (size_t i = 0; i < l->count; i++)
		ranks[i] = (struct rank){ l->at[i], i };
	qsort(ranks, l->count, sizeof(*ranks), compare);
	for (size_t i = 0; i < l->count; i++)
		l->at[i] = ranks[i].e;
	free(ranks);
}

void simevent_release(struct simevent_list *l)
{
	free(l->at);
	*l = (struct simevent_list){ 0 };
}

/* --- words -------------------------------------------------------------------------------- */

static void format_value(const struct simevent *e, char *buf, size_t size)
{
	const char *unit = e->rate.period_ms == 1000 ? "s" : e->rate.period_ms == 60000 ? "m" : "h";

	buf[0] = '\0';
	if (e->kind == SIMEVENT_SLOWS)
		number_format_duration(e->value, buf, size);
	else if (e->kind == SIMEVENT_WEIGHT)
		snprintf(buf, size, "%u%s", e->value, e->percent ? "%" : "");
	else if (e->kind == SIMEVENT_BURST)
		snprintf(buf, size, "%u", e->value);
	else if (e->kind == SIMEVENT_RATE)
		snprintf(buf, size, "%s%u/%s", e->rate.poisson ? "poisson:" : "", e->rate.count,
		         unit);
}

const char *simevent_format(const struct simevent *e, char buf[static SIMEVENT_TEXT_MAX])
{
	const char *word = table[e->kind].word;
	char value[40];

	format_value(e, value, sizeof(value));
	if (table[e->kind].form == NODE)
		snprintf(buf, SIMEVENT_TEXT_MAX, "%s %s%s%s", e->subject, word, value[0] ? " " : "",
		         value);
	else
		snprintf(buf, SIMEVENT_TEXT_MAX, "%s%s%s%s%s", word, e->subject[0] ? " " : "",
		         e->subject, value[0] ? " " : "", value);
	return buf;
}

const char *simevent_word(enum simevent_kind k)
{
	return table[k].word;
}

const char *simevent_help(enum simevent_kind k)
{
	return table[k].help;
}

bool simevent_has_subject(enum simevent_kind k)
{
	return table[k].form != CLIENTS;
}
