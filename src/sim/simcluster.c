/* SPDX-License-Identifier: MIT */
#include "sim/simcluster.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 64 };

struct simcluster {
	struct simcluster_options o;
	uint32_t count;
	struct simnode *nodes[NODES_MAX];
};

static size_t list_all(void *ctx, struct simpage_node *ret, size_t max)
{
	struct simcluster *c = ctx;
	size_t count = 0;

	for (uint32_t i = 0; i < c->count && count < max; i++)
		if (simnode_is_listed(c->nodes[i]))
			simnode_describe(c->nodes[i], &ret[count++]);
	return count;
}

static void forward_cancel(void *ctx, uint32_t node_id, uint64_t key)
{
	struct simnode *n = simcluster_node(ctx, node_id);

	if (n)
		simnode_cancel(n, key);
}

static void pass_event(void *ctx, const struct simnode *n, const char *what)
{
	struct simcluster *c = ctx;

	if (c->o.event)
		c->o.event(c->o.ctx, n, what);
}

static bool add_node(struct simcluster *c, struct ev_loop *loop, struct error *err)
{
	const struct simcluster_options *o = &c->o;
	uint32_t i = c->count;
	const char *host = o->host ? o->host : "127.0.0.1";
	struct simnode_options node = {
		.id = c->o.first_id + i,
		.locality = o->locality_count ? o->localities[i % o->locality_count] : NULL,
		.ctx = c,
		.event = pass_event,
		.list = list_all,
		.forward_cancel = forward_cancel,
	};

	if (!addr_parse_ip(host, (uint16_t)(o->sql_port ? o->sql_port + i : 0), &node.sql) ||
	    !addr_parse_ip(host, (uint16_t)(o->http_port ? o->http_port + i : 0), &node.http))
		return error_set(err, "\"%s\" is not an IP address", host);
	c->nodes[i] = simnode_new(loop, &node, err);
	if (!c->nodes[i])
		return false;
	c->count++;
	return true;
}

struct simcluster *simcluster_new(struct ev_loop *loop, const struct simcluster_options *o,
                                  struct error *err)
{
	struct simcluster *c;

	if (o->nodes < 1 || o->nodes > NODES_MAX) {
		error_set(err, "a cluster has 1 to %d nodes", NODES_MAX);
		return NULL;
	}
	c = mem_zalloc(sizeof(*c));
	c->o = *o;
	if (!c->o.first_id)
		c->o.first_id = 1;
	for (uint32_t i = 0; i < o->nodes; i++) {
		if (!add_node(c, loop, err)) {
			simcluster_free(c);
			return NULL;
		}
	}
	return c;
}

void simcluster_free(struct simcluster *c)
{
	if (!c)
		return;
	for (uint32_t i = 0; i < c->count; i++)
		simnode_free(c->nodes[i]);
	free(c);
}

uint32_t simcluster_count(const struct simcluster *c)
{
	return c->count;
}

struct simnode *simcluster_node(struct simcluster *c, uint32_t id)
{
	uint32_t i = id - c->o.first_id;

	return id >= c->o.first_id && i < c->count ? c->nodes[i] : NULL;
}

static bool command_all(struct simcluster *c, const char *words, struct text *answer)
{
	bool good = true;

	for (uint32_t i = 0; i < c->count; i++) {
		if (i)
			text_add(answer, "; ");
		if (!simnode_command(c->nodes[i], words, answer))
			good = false;
	}
	return good;
}

bool simcluster_command(struct simcluster *c, const char *line, struct text *answer)
{
	size_t space = strspn(line, " \t");
	size_t len = strcspn(line + space, " \t\r\n");
	AUTO_FREE char *who = mem_strndup(line + space, len);
	const char *words = line + space + len;
	struct simnode *n;
	uint64_t id;

	if (strcmp(who, "all") == 0)
		return command_all(c, words, answer);
	n = number_parse(who, UINT32_MAX, &id) ? simcluster_node(c, (uint32_t)id) : NULL;
	if (n)
		return simnode_command(n, words, answer);
	text_addf(answer, "\"%s\" is neither \"all\" nor a node from %" PRIu32 " to %" PRIu32, who,
	          c->o.first_id, c->o.first_id + c->count - 1);
	return false;
}
