/* SPDX-License-Identifier: MIT */
/*
 * What a node answers on /_status/nodes (camelCase, or snake_case as some clients rewrite it) and
 * on /api/v2/nodes/ (snake_case, all members in the node itself).
 */
#include "nodedocparts.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NS_IN_S 1000000000U

static const char *describe(char buf[static 24], size_t i)
{
	snprintf(buf, 24, "nodes[%zu]", i);
	return buf;
}

/* A number, also as a string, as 64 bits are written; false for anything else. */
static bool take_number(const json_t *v, uint64_t *ret)
{
	if (json_is_string(v))
		return number_parse(json_string_value(v), UINT64_MAX, ret);
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

/* {"networkField": "tcp", "addressField": "host:port"}; NULL if it is not there or empty. */
static const char *take_address(struct nodedoc_reader *r, const json_t *desc, const char *name,
                                const char *other)
{
	const json_t *v = nodedoc_member(desc, name, other);
	const char *s = nodedoc_scalar(
	    r, json_is_object(v) ? nodedoc_member(v, "addressField", "address_field") : v);

	return s && *s ? s : NULL;
}

/* {"tiers": [{"key": "region", "value": "us-east1"}]}; NULL if there are none. */
static const char *take_locality(struct nodedoc_reader *r, const json_t *desc)
{
	const json_t *v = json_object_get(desc, "locality");
	const json_t *tiers = json_object_get(v, "tiers");
	AUTO_TEXT t = { 0 };

	if (json_is_string(v))
		return nodedoc_scalar(r, v);
	for (size_t i = 0; i < json_array_size(tiers); i++) {
		const json_t *tier = json_array_get(tiers, i);
		const char *key = json_string_value(json_object_get(tier, "key"));
		const char *value = json_string_value(json_object_get(tier, "value"));

		text_addf(&t, "%s%s=%s", i ? "," : "", key ? key : "", value ? value : "");
	}
	return t.len ? mem_arena_strdup(&r->list.arena, text_str(&t)) : NULL;
}

static enum nodedoc_fate fate_of_word(const char *s)
{
	static const char prefix[] = "NODE_STATUS_";

	if (strncmp(s, prefix, sizeof(prefix) - 1) == 0)
		s += sizeof(prefix) - 1;
	if (strcmp(s, "DEAD") == 0)
		return NODEDOC_DEAD;
	if (strcmp(s, "DECOMMISSIONING") == 0)
		return NODEDOC_LEAVING;
	return strcmp(s, "DECOMMISSIONED") == 0 ? NODEDOC_LEFT : NODEDOC_STAYS;
}

/* The enumeration NodeLivenessStatus of CockroachDB, as its number or its name. */
static enum nodedoc_fate take_fate(const json_t *v)
{
	if (json_is_string(v))
		return fate_of_word(json_string_value(v));
	switch (json_integer_value(v)) {
	case 1:
		return NODEDOC_DEAD;
	case 4:
		return NODEDOC_LEAVING;
	case 5:
		return NODEDOC_LEFT;
	default:
		return NODEDOC_STAYS;
	}
}

/* The value of "--name=value", "-name value" among the arguments of a node; NULL: none. */
static const char *find_argument(const json_t *args, const char *name)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < json_array_size(args); i++) {
		const char *s = json_string_value(json_array_get(args, i));
		const char *next = json_string_value(json_array_get(args, i + 1));

		if (!s || *s != '-')
			continue;
		s += 1 + (s[1] == '-');
		if (strncmp(s, name, len) != 0)
			continue;
		if (s[len] == '=')
			found = s + len + 1;
		else if (!s[len] && next && *next != '-')
			found = next;
	}
	return found;
}

/* The port in "host:port", ":port" or "port"; 0: none. */
static uint16_t port_in(const char *s)
{
	const char *colon = s ? strrchr(s, ':') : NULL;
	uint64_t port;

	if (!s || !number_parse(colon ? colon + 1 : s, UINT16_MAX, &port))
		return 0;
	return (uint16_t)port;
}

/* Before v22.1 a node did not tell its HTTP address, but how it was started. */
static uint16_t port_of_arguments(const json_t *args)
{
	static const char *const names[] = { "advertise-http-addr", "http-addr", "http-port" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = find_argument(args, names[i]);
		uint16_t port = value && (i == 2 || strchr(value, ':')) ? port_in(value) : 0;

		if (port)
			return port;
	}
	return 0;
}

static const json_t *find_liveness(const json_t *doc, const json_t *item, uint64_t number)
{
	const json_t *own = nodedoc_member(item, "livenessStatus", "liveness_status");
	char key[24];

	if (own)
		return own;
	snprintf(key, sizeof(key), "%" PRIu64, number);
	return json_object_get(nodedoc_member(doc, "livenessByNodeId", "liveness_by_node_id"), key);
}

static bool add_item(struct nodedoc_reader *r, const json_t *doc, const json_t *item, size_t i)
{
	const json_t *desc = json_object_get(item, "desc");
	struct nodedoc_node n = { 0 };
	struct nodedoc_place at;
	uint64_t seen;
	char buf[24];

	if (!json_is_object(desc))
		desc = item;
	at = nodedoc_path("%s", describe(buf, i));
	if (!take_number(nodedoc_member(desc, "nodeId", "node_id"), &n.number) || !n.number ||
	    n.number > INT32_MAX)
		return nodedoc_fail(r, &at, "there is no number of a node (nodeId, node_id)");
	n.sql = take_address(r, desc, "sqlAddress", "sql_address");
	if (!n.sql)
		n.sql = take_address(r, desc, "address", NULL);
	n.http = take_address(r, desc, "httpAddress", "http_address");
	n.http_port = port_of_arguments(json_object_get(item, "args"));
	n.locality = take_locality(r, desc);
	n.fate = take_fate(find_liveness(doc, item, n.number));
	if (take_number(nodedoc_member(item, "updatedAt", "updated_at"), &seen))
		n.seen_s = (int64_t)(seen / NS_IN_S);
	return nodedoc_add(r, &n, &at);
}

bool nodedoc_cluster(struct nodedoc_reader *r, const json_t *doc, const json_t *nodes)
{
	uint64_t next;

	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (!add_item(r, doc, json_array_get(nodes, i), i))
			return false;
	if (take_number(json_object_get(doc, "next"), &next) && next)
		nodedoc_warn(r,
		             "this is a part of the list only, up to its %" PRIu64 ". node: ask "
		             "without a limit",
		             next);
	return true;
}
