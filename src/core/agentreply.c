/* SPDX-License-Identifier: MIT */
#include "core/agentreply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WEIGHT_GARBAGE  "Trailing garbage in weight string"
#define WEIGHT_EMPTY    "Empty weight string empty or preceded by garbage"
#define WEIGHT_RANGE    "Absolute weight can only be between 0 and 256 inclusive."
#define MAXCONN_GARBAGE "Trailing garbage in maxconn string"
#define MAXCONN_EMPTY   "maxconn string empty or preceded by garbage"

enum { WEIGHT_MAX = 256, PERCENT_MAX = 25600 };

static void copy(char *to, size_t size, const char *from, size_t len)
{
	if (len > size - 1)
		len = size - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static void warn(struct agentreply *r, const char *words)
{
	if (!r->warning)
		r->warning = words;
}

/* The number that `s` begins with, at most `max`; `*rest` is behind it, `s` itself without one. */
static uint32_t take_number(const char *s, uint32_t max, const char **rest)
{
	uint64_t n = 0;

	for (*rest = s; isdigit((unsigned char)**rest); ++*rest)
		if (n <= max)
			n = n * 10 + (uint64_t)(**rest - '0');
	return n < max ? (uint32_t)n : max;
}

static void take_weight(struct agentreply *r, const char *s)
{
	const char *rest;
	uint32_t n = take_number(s, PERCENT_MAX, &rest);

	if (rest == s) {
		warn(r, WEIGHT_EMPTY);
	} else if (strcmp(rest, "%") == 0) {
		r->weight_kind = AGENTREPLY_PERCENT;
		r->weight = n;
	} else if (*rest) {
		warn(r, WEIGHT_GARBAGE);
	} else if (n > WEIGHT_MAX) {
		warn(r, WEIGHT_RANGE);
	} else {
		r->weight_kind = AGENTREPLY_ABSOLUTE;
		r->weight = n;
	}
}

static void take_maxconn(struct agentreply *r, const char *s)
{
	const char *rest;
	uint32_t n = take_number(s, UINT32_MAX, &rest);

	if (rest == s) {
		warn(r, MAXCONN_EMPTY);
	} else if (*rest) {
		warn(r, MAXCONN_GARBAGE);
	} else {
		r->has_maxconn = true;
		r->maxconn = n;
	}
}

static bool take_admin(struct agentreply *r, const char *word)
{
	if (strcasecmp(word, "ready") == 0)
		r->admin = AGENTREPLY_READY;
	else if (strcasecmp(word, "drain") == 0)
		r->admin = AGENTREPLY_DRAIN;
	else if (strcasecmp(word, "maint") == 0)
		r->admin = AGENTREPLY_MAINT;
	else
		return false;
	return true;
}

static bool take_health(struct agentreply *r, const char *word)
{
	bool up = strcasecmp(word, "up") == 0;

	if (!up && strcasecmp(word, "down") != 0 && strcasecmp(word, "fail") != 0 &&
	    strcasecmp(word, "stopped") != 0)
		return false;
	r->health = up ? AGENTREPLY_UP : AGENTREPLY_DOWN;
	copy(r->word, sizeof(r->word), word, strlen(word));
	return true;
}

/* The numbers are judged when the whole line is read: only the last of a kind counts. */
struct numbers {
	char weight[AGENTREPLY_WORD_MAX], maxconn[AGENTREPLY_WORD_MAX];
	bool has_weight, has_maxconn;
};

static void keep(char *to, bool *has, const char *word)
{
	copy(to, AGENTREPLY_WORD_MAX, word, strlen(word));
	*has = true;
}

static void take_word(struct agentreply *r, struct numbers *n, const char *word)
{
	static const char maxconn[] = "maxconn:";
	static const char weight[] = "weight:";

	if (take_health(r, word) || take_admin(r, word))
		return;
	if (isdigit((unsigned char)*word) && strchr(word, '%'))
		keep(n->weight, &n->has_weight, word);
	else if (strncasecmp(word, weight, strlen(weight)) == 0)
		keep(n->weight, &n->has_weight, word + strlen(weight));
	else if (strncasecmp(word, maxconn, strlen(maxconn)) == 0)
		keep(n->maxconn, &n->has_maxconn, word + strlen(maxconn));
	else if (!r->unknown[0])
		copy(r->unknown, sizeof(r->unknown), word, strlen(word));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void agentreply_parse(const char *line, size_t len, struct agentreply *ret)
{
	struct numbers n = { 0 };
	size_t i = 0;

	*ret = (struct agentreply){ 0 };
	while (i < len && line[i] != '#') {
		char word[AGENTREPLY_WORD_MAX];
		size_t begin = i;

		while (i < len && !is_blank(line[i]) && line[i] != ',')
			i++;
		if (i == begin) {
			i++;
			continue;
		}
		copy(word, sizeof(word), line + begin, i - begin);
		take_word(ret, &n, word);
	}
	if (n.has_weight)
		take_weight(ret, n.weight);
	if (n.has_maxconn)
		take_maxconn(ret, n.maxconn);
	if (i == len)
		return;
	for (i++; i < len && is_blank(line[i]); i++)
		;
	copy(ret->reason, sizeof(ret->reason), line + i, len - i);
}

void agentreply_describe(const struct agentreply *r, char *buf, size_t size)
{
	const char *more = r->reason;
	const char *odd = r->unknown[0] ? r->unknown : r->warning;

	buf[0] = '\0';
	if (r->health == AGENTREPLY_NO_HEALTH) {
		if (odd)
			snprintf(buf, size, "%s : %s",
			         r->unknown[0] ? "agent reports an error" : "agent warns", odd);
		return;
	}
	if (odd && (!*more || r->health == AGENTREPLY_UP))
		more = odd;
	if (*more)
		snprintf(buf, size, "via agent : %s (%s)", r->word, more);
	else
		snprintf(buf, size, "via agent : %s", r->word);
}
