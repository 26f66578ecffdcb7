/* SPDX-License-Identifier: MIT */
#include "report/explain.h"

#include "base/suggest.h"
#include "explainparts.h"
#include "plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_SHOWN = 9, SENTENCES_MAX = 1200 };

static const char *const words[] = {
#define X(name, word, summary) [EXPLAIN_##name] = (word),
	EXPLAIN_TABLE(X)
#undef X
};

bool explain_find(const char *word, enum explain_topic *ret, struct error *err)
{
	const char *near = suggest_nearest(word, words, EXPLAIN_TOPICS);

	for (size_t i = 0; i < EXPLAIN_TOPICS; i++)
		if (strcmp(words[i], word) == 0) {
			*ret = (enum explain_topic)i;
			return true;
		}
	if (near)
		return error_set(err, "nothing to explain about \"%.60s\": did you mean \"%s\"?",
		                 word, near);
	return error_set(err, "nothing to explain about \"%.60s\"; there are %s, %s, %s and %s",
	                 word, words[EXPLAIN_DETECTION], words[EXPLAIN_BALANCE],
	                 words[EXPLAIN_TIERS], words[EXPLAIN_DRAIN]);
}

void explain_write(enum explain_topic topic, const struct settings *s,
                   const struct explain_facts *facts, struct text *out)
{
	switch (topic) {
	case EXPLAIN_DETECTION:
		explain_detection(s, out);
		break;
	case EXPLAIN_BALANCE:
		explain_balance(s, out);
		break;
	case EXPLAIN_TIERS:
		explain_tiers(s, out);
		break;
	case EXPLAIN_DRAIN:
		explain_drain(s, facts, out);
		break;
	case EXPLAIN_TOPICS:
		break;
	}
}

/* --- checks ------------------------------------------------------------------------------- */

static bool is_same(const struct settings_target *a, const struct settings_target *b)
{
	const struct settings_check *x = &a->check;
	const struct settings_check *y = &b->check;
	struct detection dx = detection_of(x);
	struct detection dy = detection_of(y);

	return a->check_port == b->check_port && x->type == y->type && x->tls == y->tls &&
	       x->steps.at == y->steps.at && text_same(x->path, y->path) &&
	       text_same(x->method, y->method) && x->timeout_ms == y->timeout_ms &&
	       x->fastinter_ms == y->fastinter_ms && x->downinter_ms == y->downinter_ms &&
	       dx.inter_ms == dy.inter_ms && dx.fall == dy.fall && dx.rise == dy.rise &&
	       dx.drain_answers == dy.drain_answers;
}

static bool is_agent(const struct settings_target *t)
{
	return t->check.type == SETTINGS_CHECK_AGENT;
}

/* Is it told of together with the check's? */
static bool belongs(const struct explain_check *c, const struct settings_target *t)
{
	return !is_agent(t) && is_same(t, c->target) &&
	       (!c->alike || c->alike(c->settings, t, c->target));
}

/* Is there one before it that it belongs to? */
static bool is_repeated(const struct explain_check *c)
{
	for (const struct settings_target *t = c->settings->targets; t < c->target; t++)
		if (belongs(c, t))
			return true;
	return false;
}

bool explain_next_check(const struct settings *s, explain_alike_fn *alike, size_t *at,
                        struct explain_check *ret)
{
	while (*at < s->target_count) {
		const struct settings_target *t = &s->targets[(*at)++];

		*ret = (struct explain_check){ .settings = s, .target = t, .alike = alike };
		if (is_agent(t) || is_repeated(ret))
			continue;
		ret->d = detection_of(&t->check);
		return true;
	}
	return false;
}

static void add_name(struct text *out, size_t n, const char *name)
{
	if (n < NAMES_SHOWN) {
		text_add(out, n ? ", " : "");
		plain_add(out, name);
	}
}

static void add_rest(struct text *out, size_t n)
{
	if (n > NAMES_SHOWN)
		text_addf(out, " and %zu more", n - NAMES_SHOWN);
}

void explain_add_targets(const struct explain_check *c, struct text *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->settings->target_count; i++) {
		const struct settings_target *t = &c->settings->targets[i];

		if (belongs(c, t))
			add_name(out, n++, t->name);
	}
	add_rest(out, n);
}

void explain_add_check(const struct explain_check *c, struct text *out)
{
	const struct settings_check *check = &c->target->check;
	const char *path = detection_path(check);

	if (check->type == SETTINGS_CHECK_NONE) {
		text_add(out, "no check");
		return;
	}
	text_add(out, settings_check_name(check->type));
	if (check->tls && check->type != SETTINGS_CHECK_HTTPS)
		text_add(out, " over TLS");
	if (path) {
		text_addf(out, ", %s ",
		          check->steps.count || !check->method ? "GET" : check->method);
		plain_add(out, path);
	}
	if (c->target->check_port)
		text_addf(out, ", port %u", c->target->check_port);
}

/* --- words -------------------------------------------------------------------------------- */

void explain_add_ms(struct text *out, uint64_t ms, int width)
{
	char buf[DETECTION_TEXT_MAX];

	text_addf(out, "%*s", width, detection_format(ms, buf));
}

void explain_add_words(struct text *out, size_t indent, const char *fmt, ...)
{
	char sentences[SENTENCES_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentences, sizeof(sentences), fmt, args);
	va_end(args);
	text_addf(out, "%*s", (int)indent, "");
	plain_add_folded(out, sentences, indent, EXPLAIN_WIDTH, indent);
	text_addc(out, '\n');
}

/* --- servers ------------------------------------------------------------------------------ */

static bool is_able(const struct settings_server *s)
{
	return !s->disabled && s->weight;
}

bool explain_is_active(const struct settings_server *s)
{
	return is_able(s) && !s->backup;
}

bool explain_is_backup(const struct settings_server *s)
{
	return is_able(s) && s->backup;
}

bool explain_is_idle(const struct settings_server *s)
{
	return !is_able(s);
}

size_t explain_add_servers(const struct settings_service *s,
                           bool (*is)(const struct settings_server *server), struct text *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->server_count; i++)
		if (is(&s->servers[i]))
			add_name(out, n++, s->servers[i].name);
	add_rest(out, n);
	return n;
}
