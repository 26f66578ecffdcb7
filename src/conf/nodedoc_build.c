/* SPDX-License-Identifier: MIT */
#include "nodedocparts.h"

#include "base/addr.h"
#include "base/printable.h"
#include "endpoints.h"
#include "scalars.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 256, GONE_S = 24 * 3600 };

struct nodedoc_candidate {
	struct nodelist_node node;
	uint64_t number;
	int64_t seen_s;
	size_t position;
	enum nodedoc_fate fate;
	bool http_is_known, out;
	struct nodedoc_place at;
};

struct nodedoc_place nodedoc_line(int line)
{
	struct nodedoc_place at;

	snprintf(at.text, sizeof(at.text), ":%d", line);
	return at;
}

struct nodedoc_place nodedoc_path(const char *fmt, ...)
{
	struct nodedoc_place at = { ": " };
	va_list args;

	va_start(args, fmt);
	vsnprintf(at.text + 2, sizeof(at.text) - 2, fmt, args);
	va_end(args);
	return at;
}

bool nodedoc_fail(struct nodedoc_reader *r, const struct nodedoc_place *at, const char *fmt, ...)
{
	char words[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	error_set(r->err, "%.150s%s: %s", r->o->source, at->text, words);
	/* What came from elsewhere may go to a terminal. */
	if (r->err)
		printable_clean(r->err->text);
	return false;
}

void nodedoc_warn(struct nodedoc_reader *r, const char *fmt, ...)
{
	char words[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	printable_clean(words);
	text_addf(&r->warnings, "%s: %s\n", r->o->source, words);
}

static struct nodedoc_candidate *grow(struct nodedoc_reader *r)
{
	/* The arena has no resize; doubling wastes at most as much again. */
	if ((r->count & (r->count - 1)) == 0) {
		size_t room = r->count ? r->count * 2 : 1;
		struct nodedoc_candidate *more =
		    mem_arena_zalloc(&r->list.arena, room * sizeof(*more));

		if (r->count)
			memcpy(more, r->nodes, r->count * sizeof(*more));
		r->nodes = more;
	}
	return &r->nodes[r->count];
}

static bool split(struct nodedoc_reader *r, const char *s, uint16_t port, char host[HOST_MAX],
                  uint16_t *ret_port, const struct nodedoc_place *at)
{
	struct error err;

	if (!addr_split(s, port, host, HOST_MAX, ret_port, &err) ||
	    !endpoints_host_is_valid(host, &err))
		return nodedoc_fail(r, at, "%.300s", err.text);
	if (!*ret_port)
		return nodedoc_fail(r, at, "\"%.100s\": a port is a number from 1 to 65535", s);
	return true;
}

static bool take_addresses(struct nodedoc_reader *r, const struct nodedoc_node *n,
                           struct nodedoc_candidate *c)
{
	uint16_t sql_port = n->sql_port ? n->sql_port : r->o->sql_port;
	char host[HOST_MAX], http[HOST_MAX];

	if (!n->sql || !*n->sql)
		return nodedoc_fail(r, &c->at,
		                    "there is no address: it is shown only to a user with "
		                    "VIEWCLUSTERMETADATA, or the form has none");
	if (!split(r, n->sql, sql_port, host, &c->node.sql_port, &c->at))
		return false;
	c->node.host = mem_arena_strdup(&r->list.arena, host);
	c->node.http_port = n->http_port ? n->http_port : r->o->http_port;
	c->http_is_known = n->http_port;
	if (!n->http || !*n->http)
		return true;
	if (!split(r, n->http, c->node.http_port, http, &c->node.http_port, &c->at))
		return false;
	c->http_is_known = true;
	if (strcasecmp(http, host) != 0)
		nodedoc_warn(r,
		             "%s has its HTTP port at %s, not at %s: it is checked at %s:%u, the "
		             "host of its SQL port",
		             c->node.name, http, host, host, c->node.http_port);
	return true;
}

static const char *name_of(struct nodedoc_reader *r, const struct nodedoc_node *n)
{
	if (n->name && nodelist_is_name(n->name))
		return n->name;
	return mem_arena_printf(&r->list.arena, "n%" PRIu64, n->number ? n->number : r->count + 1);
}

/* Nobody can correct what a cluster says; people can correct what they write. */
static bool take_locality(struct nodedoc_reader *r, const char *locality,
                          struct nodedoc_candidate *c)
{
	if (!locality || !*locality)
		return true;
	if (scalars_locality_is_valid(locality))
		c->node.locality = locality;
	else if (r->o->from_node)
		nodedoc_warn(r, "%s has no locality here: \"%.100s\" is none", c->node.name,
		             locality);
	else
		return nodedoc_fail(r, &c->at, "\"%.100s\" is not a locality: key=value,key=value",
		                    locality);
	return true;
}

bool nodedoc_add(struct nodedoc_reader *r, const struct nodedoc_node *n,
                 const struct nodedoc_place *at)
{
	struct nodedoc_candidate *c = grow(r);

	if (r->count == r->o->max)
		return nodedoc_fail(r, at, "there are more than %zu nodes", r->o->max);
	*c = (struct nodedoc_candidate){
		.number = n->number,
		.seen_s = n->seen_s,
		.position = r->count,
		.fate = n->fate,
		.at = *at,
	};
	c->node.name = name_of(r, n);
	/* What has left may have lost its address, too. */
	if ((n->fate == NODEDOC_STAYS || n->fate == NODEDOC_DEAD) &&
	    (!take_addresses(r, n, c) || !take_locality(r, n->locality, c)))
		return false;
	r->count++;
	return true;
}

/* --- who stays ------------------------------------------------------------------------------ */

static void leave_out(struct nodedoc_reader *r, struct nodedoc_candidate *c, const char *why)
{
	c->out = true;
	nodedoc_warn(r, "%s is left out: %s", c->node.name, why);
}

static int64_t newest(const struct nodedoc_reader *r)
{
	int64_t most = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->nodes[i].seen_s > most)
			most = r->nodes[i].seen_s;
	return most;
}

static void judge_dead(struct nodedoc_reader *r, struct nodedoc_candidate *c, int64_t now_s)
{
	if (c->seen_s && c->seen_s < now_s - GONE_S)
		leave_out(r, c,
		          "it is dead, and has been silent for more than a day; "
		          "`cockroach node decommission` ends that for good");
}

static void judge_fates(struct nodedoc_reader *r)
{
	int64_t now_s = newest(r);

	for (size_t i = 0; i < r->count; i++) {
		struct nodedoc_candidate *c = &r->nodes[i];

		switch (c->fate) {
		case NODEDOC_LEAVING:
			leave_out(r, c, "it is being decommissioned");
			break;
		case NODEDOC_LEFT:
			leave_out(r, c, "it is decommissioned");
			break;
		case NODEDOC_DEAD:
			judge_dead(r, c, now_s);
			break;
		case NODEDOC_STAYS:
			break;
		}
	}
}

static int compare_numbers(const void *a, const void *b)
{
	const struct nodedoc_candidate *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->position < y->position ? -1 : 1;
}

static int compare_names(const void *a, const void *b)
{
	const struct nodedoc_candidate *x = *(struct nodedoc_candidate *const *)a;
	const struct nodedoc_candidate *y = *(struct nodedoc_candidate *const *)b;
	int order = strcmp(x->node.name, y->node.name);

	return order ? order : compare_numbers(x, y);
}

/* Of those with the same address the best one comes first: alive, then the newest. */
static int compare_addresses(const void *a, const void *b)
{
	const struct nodedoc_candidate *x = *(struct nodedoc_candidate *const *)a;
	const struct nodedoc_candidate *y = *(struct nodedoc_candidate *const *)b;
	int order = strcasecmp(x->node.host, y->node.host);

	if (order)
		return order;
	if (x->node.sql_port != y->node.sql_port)
		return x->node.sql_port < y->node.sql_port ? -1 : 1;
	if (x->fate != y->fate)
		return x->fate < y->fate ? -1 : 1;
	if (x->number != y->number)
		return x->number > y->number ? -1 : 1;
	return x->position < y->position ? -1 : 1;
}

/* Those that stay, in that order. */
static size_t arrange(struct nodedoc_reader *r, struct nodedoc_candidate **ret,
                      int (*compare)(const void *, const void *))
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++)
		if (!r->nodes[i].out)
			ret[n++] = &r->nodes[i];
	if (n)
		qsort(ret, n, sizeof(struct nodedoc_candidate *), compare);
	return n;
}

static bool check_names(struct nodedoc_reader *r, struct nodedoc_candidate **order)
{
	size_t n = arrange(r, order, compare_names);

	for (size_t i = 1; i < n; i++)
		if (strcmp(order[i]->node.name, order[i - 1]->node.name) == 0)
			return nodedoc_fail(r, &order[i]->at, "\"%s\" is there already",
			                    order[i]->node.name);
	return true;
}

static bool is_same_place(const struct nodedoc_candidate *a, const struct nodedoc_candidate *b)
{
	return strcasecmp(a->node.host, b->node.host) == 0 && a->node.sql_port == b->node.sql_port;
}

/* A cluster keeps records of nodes whose address another one has by now; people make mistakes. */
static bool settle_addresses(struct nodedoc_reader *r, struct nodedoc_candidate **order)
{
	size_t n = arrange(r, order, compare_addresses);
	struct nodedoc_candidate *best = NULL;

	for (size_t i = 0; i < n; i++) {
		struct nodedoc_candidate *c = order[i];

		if (!best || !is_same_place(best, c)) {
			best = c;
		} else if (!c->number) {
			return nodedoc_fail(r, &c->at,
			                    "the address %s:%u is there already, as \"%s\"",
			                    c->node.host, c->node.sql_port, best->node.name);
		} else {
			c->out = true;
			nodedoc_warn(r, "%s is left out: %s:%u is the address of %s", c->node.name,
			             c->node.host, c->node.sql_port, best->node.name);
		}
	}
	return true;
}

/* Of what a cluster tells; people leave a port away to say that it is the usual one. */
static void tell_assumed(struct nodedoc_reader *r, struct nodedoc_candidate *const *order, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += order[i]->number && !order[i]->http_is_known;
	if (count && r->o->guesses)
		nodedoc_warn(r,
		             "nothing tells the HTTP ports, where nodes are checked: %u is assumed "
		             "for %zu of %zu (--http-port says another)",
		             r->o->http_port, count, n);
}

/* Several nodes of a host do not share an HTTP port. */
static void warn_of_guesses(struct nodedoc_reader *r, struct nodedoc_candidate **order)
{
	size_t n = arrange(r, order, compare_addresses);

	for (size_t i = 1; i < n; i++) {
		const struct nodedoc_candidate *a = order[i - 1], *b = order[i];

		if (strcasecmp(a->node.host, b->node.host) != 0 ||
		    a->node.http_port != b->node.http_port || a->http_is_known || b->http_is_known)
			continue;
		nodedoc_warn(r,
		             "several nodes are on %s, and nothing tells their HTTP ports, where "
		             "they are checked: correct http_port, or read the list from a "
		             "node's /_status/nodes",
		             a->node.host);
		return;
	}
	tell_assumed(r, order, n);
}

static void make_list(struct nodedoc_reader *r)
{
	r->list.room = r->count + 1;
	r->list.nodes = mem_arena_zalloc(&r->list.arena, r->list.room * sizeof(*r->list.nodes));
	r->list.leavers =
	    mem_arena_zalloc(&r->list.arena, (r->count + 1) * sizeof(*r->list.leavers));
	for (size_t i = 0; i < r->count; i++) {
		const struct nodedoc_candidate *c = &r->nodes[i];

		if (c->fate == NODEDOC_LEAVING || c->fate == NODEDOC_LEFT)
			r->list.leavers[r->list.leaver_count++] =
			    (struct nodelist_leaver){ c->node.name, c->fate == NODEDOC_LEFT };
		if (c->out)
			continue;
		r->list.nodes[r->list.count++] = c->node;
		if (c->fate == NODEDOC_DEAD)
			nodedoc_warn(r, "%s is dead: it stays in the list, as it may come back",
			             c->node.name);
	}
}

bool nodedoc_finish(struct nodedoc_reader *r)
{
	struct nodedoc_candidate **order;
	bool ok;

	if (!r->count)
		return error_set(r->err, "%s: there is no node in it", r->o->source);
	qsort(r->nodes, r->count, sizeof(*r->nodes), compare_numbers);
	judge_fates(r);
	order = mem_zalloc(r->count * sizeof(struct nodedoc_candidate *));
	ok = check_names(r, order) && settle_addresses(r, order);
	if (ok) {
		warn_of_guesses(r, order);
		make_list(r);
	}
	free(order);
	if (ok && !r->list.count)
		return error_set(r->err,
		                 "%s: no node of %zu is left: all of them are "
		                 "decommissioned or dead",
		                 r->o->source, r->count);
	return ok;
}
