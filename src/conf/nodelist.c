/* SPDX-License-Identifier: MIT */
#include "conf/nodelist.h"

#include "base/number.h"
#include "base/printable.h"
#include "base/text.h"
#include "core/tiers.h"
#include "endpoints.h"
#include "scalars.h"

#include <assert.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_ROOM = 256, WORDS_MAX = 3 };

#define WHITE " \t\r\f\v"

static struct nodelist_node *add(struct nodelist *l, const struct nodelist_node *n)
{
	/* The arena has no resize; doubling wastes at most as much again. */
	if (l->count >= l->room) {
		size_t room = l->count ? l->count * 2 : 1;
		struct nodelist_node *more = mem_arena_zalloc(&l->arena, room * sizeof(*more));

		if (l->count)
			memcpy(more, l->nodes, l->count * sizeof(*more));
		l->nodes = more;
		l->room = room;
	}
	l->nodes[l->count] = *n;
	return &l->nodes[l->count++];
}

static bool parse_port(const char *s, size_t len, uint16_t *ret, struct error *err)
{
	char word[8];
	uint64_t n;

	if (len < sizeof(word)) {
		snprintf(word, sizeof(word), "%.*s", (int)len, s);
		if (number_parse(word, 65535, &n) && n) {
			*ret = (uint16_t)n;
			return true;
		}
	}
	return error_set(err, "\"%.*s\" is not a port: write 1 to 65535",
	                 (int)(len > 60 ? 60 : len), s);
}

/* host, host:sql, host:sql:http; the host in brackets if it is IPv6. */
static bool parse_place(struct nodelist *l, const char *s, struct nodelist_node *n,
                        struct error *err)
{
	size_t len = strcspn(s, ":");
	const char *rest = s + len;
	char host[HOST_ROOM];

	if (*s == '[') {
		const char *end = strchr(s, ']');

		if (!end || (end[1] && end[1] != ':'))
			return error_set(err, "\"%.60s\": write an IPv6 address as [address]:port",
			                 s);
		s++;
		len = (size_t)(end - s);
		rest = end + 1;
	}
	if (len >= sizeof(host))
		return error_set(err, "the host name is longer than %d characters", HOST_ROOM - 1);
	snprintf(host, sizeof(host), "%.*s", (int)len, s);
	if (!endpoints_host_is_valid(host, err))
		return false;
	if (*rest) {
		size_t port = strcspn(rest + 1, ":");

		if (!parse_port(rest + 1, port, &n->sql_port, err))
			return false;
		rest += 1 + port;
	}
	if (*rest && !parse_port(rest + 1, strlen(rest + 1), &n->http_port, err))
		return false;
	n->host = mem_arena_strdup(&l->arena, host);
	return true;
}

bool nodelist_is_name(const char *s)
{
	size_t good =
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return *s && !s[good] && good <= 64;
}

bool nodelist_is_locality(const char *s)
{
	return scalars_locality_is_valid(s);
}

static const struct nodelist_node *find_name(const struct nodelist *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->nodes[i].name, name) == 0)
			return &l->nodes[i];
	return NULL;
}

/* n1, n2, ... in order, without those that people gave to other nodes. */
static const char *next_name(struct nodelist *l)
{
	for (size_t i = l->count + 1;; i++) {
		const char *name = mem_arena_printf(&l->arena, "n%zu", i);

		if (!find_name(l, name))
			return name;
	}
}

static bool check_unique(const struct nodelist *l, const struct nodelist_node *n, struct error *err)
{
	const struct nodelist_node *same = find_name(l, n->name);

	assert(n->host);
	if (same)
		return error_set(err, "the name \"%s\" is taken by \"%s\": choose another", n->name,
		                 same->host);
	for (size_t i = 0; i < l->count; i++) {
		const struct nodelist_node *o = &l->nodes[i];

		if (strcasecmp(o->host, n->host) == 0 && o->sql_port == n->sql_port)
			return error_set(err, "the address %s:%u is there already, as \"%s\"",
			                 n->host, n->sql_port, o->name);
	}
	return true;
}

static bool finish_node(struct nodelist *l, struct nodelist_node *n, struct error *err)
{
	if (!n->name)
		n->name = next_name(l);
	if (!check_unique(l, n, err))
		return false;
	add(l, n);
	return true;
}

size_t nodelist_uncommented(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (i == 0 || strchr(WHITE, line[i - 1])))
			return i;
	return len;
}

/* Splits a line into its words; more than WORDS_MAX is too many to count. */
static size_t split(char *line, char *words[static WORDS_MAX])
{
	size_t count = 0;
	char *save = NULL;

	for (char *w = strtok_r(line, WHITE, &save); w; w = strtok_r(NULL, WHITE, &save)) {
		if (count < WORDS_MAX)
			words[count] = w;
		count++;
	}
	return count;
}

static bool parse_line(struct nodelist *l, char *line, const struct nodelist_options *o, int number,
                       struct error *err)
{
	struct nodelist_node n = { .sql_port = o->sql_port,
		                   .http_port = o->http_port,
		                   .line = number };
	char *words[WORDS_MAX];
	size_t count = split(line, words);
	const char *place = NULL;
	const char *name = NULL;

	if (!count)
		return true;
	for (size_t i = 0; i < count && i < WORDS_MAX; i++) {
		if (strchr(words[i], '=')) {
			if (n.locality || !scalars_locality_is_valid(words[i]))
				return error_set(
				    err, "\"%.60s\": one locality, key=value,key=value", words[i]);
			n.locality = mem_arena_strdup(&l->arena, words[i]);
		} else if (place && name && count == WORDS_MAX) {
			return error_set(err,
			                 "\"%.60s\" is not a locality: write "
			                 "[name] host[:sql[:http]] [key=value,key=value]",
			                 words[i]);
		} else {
			name = place;
			place = words[i];
		}
	}
	if (count > WORDS_MAX || !place)
		return error_set(err, "write [name] host[:sql[:http]] [key=value,key=value]");
	if (name && !nodelist_is_name(name))
		return error_set(
		    err, "\"%.60s\" is not a name: write letters, digits, '-', '_' or '.'", name);
	if (name)
		n.name = mem_arena_strdup(&l->arena, name);
	return parse_place(l, place, &n, err) && finish_node(l, &n, err);
}

bool nodelist_parse(const char *text, const struct nodelist_options *o, struct nodelist *ret,
                    struct error *err)
{
	struct nodelist l = { 0 };
	int number = 1;

	for (const char *s = text; *s; number++) {
		size_t len = strcspn(s, "\n");
		char *line = mem_arena_strndup(&l.arena, s, nodelist_uncommented(s, len));

		if (!parse_line(&l, line, o, number, err)) {
			nodelist_release(&l);
			if (!err)
				return false;
			printable_clean(err->text); /* it shows what stands there */
			return error_wrap(err, "%s:%d", o->source, number);
		}
		if (o->max && l.count > o->max) {
			nodelist_release(&l);
			return error_set(err, "%s: there are more than %zu nodes", o->source,
			                 o->max);
		}
		s += len + (s[len] == '\n');
	}
	if (!l.count) {
		nodelist_release(&l);
		return error_set(err,
		                 "%s:1: there are no nodes: write [name] host[:sql[:http]] "
		                 "[key=value,key=value] on a line for each",
		                 o->source);
	}
	*ret = l;
	return true;
}

bool nodelist_add_argument(struct nodelist *l, const char *arg, const struct nodelist_options *o,
                           struct error *err)
{
	struct nodelist_node n = { .sql_port = o->sql_port, .http_port = o->http_port };

	if (parse_place(l, arg, &n, err) && finish_node(l, &n, err))
		return true;
	return error_wrap(err, "%.60s", arg);
}

struct tier {
	const char *key;
	size_t key_len;
	regex_t value;
};

/* KEY=REGEX of `len` characters, anchored as `cockroach gen haproxy --locality` does. */
static bool compile(const char *s, size_t len, struct tier *ret, struct error *err)
{
	const char *equals = memchr(s, '=', len);
	AUTO_TEXT pattern = { 0 };
	int rc;

	if (!equals || equals == s)
		return error_set(err, "\"%.*s\" is not a filter: write KEY=REGEX", (int)len, s);
	ret->key = s;
	ret->key_len = (size_t)(equals - s);
	text_add(&pattern, "^(");
	text_addn(&pattern, equals + 1, len - ret->key_len - 1);
	text_add(&pattern, ")$");
	rc = regcomp(&ret->value, text_str(&pattern), REG_EXTENDED | REG_NOSUB);
	if (rc) {
		char words[100];

		regerror(rc, &ret->value, words, sizeof(words));
		return error_set(err, "\"%.*s\" is not a regular expression: %s",
		                 (int)(len - ret->key_len - 1), equals + 1, words);
	}
	return true;
}

static bool tier_matches(const struct tier *t, const char *locality)
{
	while (locality && *locality) {
		size_t len = strcspn(locality, ",");

		if (len > t->key_len && locality[t->key_len] == '=' &&
		    memcmp(locality, t->key, t->key_len) == 0) {
			size_t at = t->key_len + 1;
			char *value = mem_strndup(locality + at, len - at);
			bool match = regexec(&t->value, value, 0, NULL, 0) == 0;

			free(value);
			if (match)
				return true;
		}
		locality += len + (locality[len] == ',');
	}
	return false;
}

static bool keep_matching(struct nodelist *l, const char *s, size_t len, struct error *err)
{
	struct tier t = { 0 };
	size_t kept = 0;

	if (!compile(s, len, &t, err))
		return false;
	assert(t.key);
	for (size_t i = 0; i < l->count; i++)
		if (tier_matches(&t, l->nodes[i].locality))
			l->nodes[kept++] = l->nodes[i];
	l->count = kept;
	regfree(&t.value);
	return true;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool no_match(const struct nodelist *all, const char *filter, struct error *err)
{
	const char **found = mem_zalloc(all->count * sizeof(*found));
	AUTO_TEXT t = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->nodes[i].locality)
			found[n++] = all->nodes[i].locality;
	if (n)
		qsort(found, n, sizeof(*found), compare_words);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(found[i], found[i - 1]) != 0)
			text_addf(&t, "%s %s", t.len ? ";" : "", found[i]);
	free(found);
	return error_set(err, "no nodes match the locality \"%.100s\"; found:%s", filter,
	                 n ? text_str(&t) : " none, no node has a locality");
}

bool nodelist_filter_check(const char *filter, struct error *err)
{
	struct nodelist none = { 0 };

	for (const char *s = filter;;) {
		size_t len = strcspn(s, ",");

		if (!keep_matching(&none, s, len, err))
			return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

bool nodelist_filter(struct nodelist *l, const char *filter, struct error *err)
{
	struct nodelist rest = *l;

	rest.room = l->count + 1;
	rest.nodes = mem_arena_zalloc(&l->arena, rest.room * sizeof(*rest.nodes));
	rest.arena = l->arena;
	if (l->count)
		memcpy(rest.nodes, l->nodes, l->count * sizeof(*rest.nodes));
	for (const char *s = filter; *s;) {
		size_t len = strcspn(s, ",");

		if (!keep_matching(&rest, s, len, err))
			return false;
		s += len + (s[len] == ',');
	}
	if (!rest.count)
		return no_match(l, filter, err);
	*l = rest;
	return true;
}

void nodelist_sort(struct nodelist *l, const char *here)
{
	struct nodelist_node *sorted = mem_zalloc((l->count + 1) * sizeof(*sorted));
	uint32_t *shared = mem_zalloc((l->count + 1) * sizeof(*shared));
	uint32_t most = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++) {
		shared[i] = tiers_shared(here, l->nodes[i].locality);
		most = shared[i] > most ? shared[i] : most;
	}
	/* There are as many as a locality has parts, which are few. */
	for (uint32_t parts = most + 1; parts-- > 0;)
		for (size_t i = 0; i < l->count; i++)
			if (shared[i] == parts)
				sorted[n++] = l->nodes[i];
	if (n)
		memcpy(l->nodes, sorted, n * sizeof(*sorted));
	free(sorted);
	free(shared);
}

void nodelist_release(struct nodelist *l)
{
	mem_arena_release(&l->arena);
	*l = (struct nodelist){ 0 };
}
