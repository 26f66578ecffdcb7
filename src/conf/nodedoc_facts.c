/* SPDX-License-Identifier: MIT */
#include "nodedocparts.h"

#include "base/number.h"

#include <string.h>
#include <strings.h>

enum kind { HOST, HTTP, NAME, SQL_PORT, HTTP_PORT, LOCALITY, REGION, ZONE };

/* Of one kind the first that is given counts.  An address that was made for clients comes first. */
static const struct {
	const char *key;
	enum kind kind;
} known[] = {
	{ "advertise_sql_addr", HOST },
	{ "advertise_addr", HOST },
	{ "advertise_host", HOST },
	{ "sql_address", HOST },
	{ "sql_host", HOST },
	{ "host", HOST },
	{ "ansible_host", HOST },
	{ "ansible_ssh_host", HOST },
	{ "address", HOST },
	{ "private_ip", HOST },
	{ "private_ip_address", HOST },
	{ "internal_ip", HOST },
	{ "ip", HOST },
	{ "ip_address", HOST },
	{ "private_dns", HOST },
	{ "fqdn", HOST },
	{ "hostname", HOST },
	{ "public_ip", HOST },
	{ "http_address", HTTP },
	{ "advertise_http_addr", HTTP },
	{ "name", NAME },
	{ "sql_port", SQL_PORT },
	{ "port", SQL_PORT },
	{ "http_port", HTTP_PORT },
	{ "locality", LOCALITY },
	{ "region", REGION },
	{ "zone", ZONE },
	{ "availability_zone", ZONE },
	{ "az", ZONE },
};

/* "cockroachdb_sql_port" is "sql_port". */
static const char *skip_prefix(const char *key)
{
	static const char *const prefixes[] = { "cockroachdb_", "cockroach_", "crdb_", "sluice_" };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0)
			return key + strlen(prefixes[i]);
	return key;
}

void nodedoc_facts_append(struct nodedoc_reader *r, struct nodedoc_facts *f,
                          const struct nodedoc_fact *fact)
{
	if (f->count == f->room) {
		size_t room = f->room ? f->room * 2 : 4;
		struct nodedoc_fact *more = mem_arena_zalloc(&r->list.arena, room * sizeof(*more));

		if (f->count)
			memcpy(more, f->at, f->count * sizeof(*more));
		f->at = more;
		f->room = room;
	}
	f->at[f->count++] = *fact;
}

void nodedoc_facts_add(struct nodedoc_reader *r, struct nodedoc_facts *f, const char *key,
                       const char *value)
{
	key = skip_prefix(key);
	for (size_t i = 0; value && *value && i < ARRAY_LEN(known); i++) {
		if (strcmp(key, known[i].key) == 0) {
			nodedoc_facts_append(r, f, &(struct nodedoc_fact){ i, value });
			return;
		}
	}
}

bool nodedoc_facts_is_address(const char *key)
{
	key = skip_prefix(key);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].kind == HOST && strcmp(key, known[i].key) == 0)
			return true;
	return false;
}

void nodedoc_facts_add_json(struct nodedoc_reader *r, struct nodedoc_facts *f, json_t *o)
{
	for (void *it = json_object_iter(o); it; it = json_object_iter_next(o, it))
		nodedoc_facts_add(r, f, json_object_iter_key(it),
		                  nodedoc_scalar(r, json_object_iter_value(it)));
}

static const char *find(const struct nodedoc_facts *f, enum kind kind)
{
	for (size_t k = 0; k < ARRAY_LEN(known); k++)
		for (size_t i = f->count; known[k].kind == kind && i > 0; i--)
			if (f->at[i - 1].key == k)
				return f->at[i - 1].value;
	return NULL;
}

static bool take_port(struct nodedoc_reader *r, const char *s, uint16_t *ret,
                      const struct nodedoc_place *at)
{
	uint64_t n;

	if (!s)
		return true;
	if (!number_parse(s, UINT16_MAX, &n) || !n)
		return nodedoc_fail(r, at, "\"%.60s\": a port is a number from 1 to 65535", s);
	*ret = (uint16_t)n;
	return true;
}

/* A locality, or what a region and a zone make of one. */
static const char *take_locality(struct nodedoc_reader *r, const struct nodedoc_facts *f)
{
	const char *locality = find(f, LOCALITY), *region = find(f, REGION), *zone = find(f, ZONE);

	if (locality || !region)
		return locality;
	return mem_arena_printf(&r->list.arena, zone ? "region=%s,zone=%s" : "region=%s", region,
	                        zone);
}

bool nodedoc_add_facts(struct nodedoc_reader *r, const char *name, bool is_host,
                       const struct nodedoc_facts *f, const struct nodedoc_place *at)
{
	struct nodedoc_node n = {
		.name = name ? name : find(f, NAME),
		.sql = find(f, HOST),
		.http = find(f, HTTP),
		.locality = take_locality(r, f),
	};

	for (size_t i = 0; i < f->count; i++)
		if (strstr(f->at[i].value, "{{"))
			return nodedoc_fail(r, at,
			                    "\"%.60s\" is a template: take the output of "
			                    "`ansible-inventory --list`",
			                    f->at[i].value);
	if (!n.sql && is_host)
		n.sql = name;
	if (!n.sql)
		return nodedoc_fail(r, at, "there is no address in it (host, address, private_ip)");
	return take_port(r, find(f, SQL_PORT), &n.sql_port, at) &&
	       take_port(r, find(f, HTTP_PORT), &n.http_port, at) && nodedoc_add(r, &n, at);
}

/* `b` is in small letters, joined by '_'; the other one may be in capitals and with '-'. */
static bool is_alike(const char *a, const char *b)
{
	size_t len = strlen(b);

	if (strlen(a) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strncasecmp(a + i, b + i, 1) != 0 && !(a[i] == '-' && b[i] == '_'))
			return false;
	return true;
}

unsigned int nodedoc_rank_name(const char *name)
{
	static const char *const names[] = {
		"sluice_nodes",      "cockroachdb",     "cockroach",  "crdb",
		"cockroachdb_nodes", "cockroach_nodes", "crdb_nodes", "nodes",
	};

	for (unsigned int i = 0; i < ARRAY_LEN(names); i++)
		if (is_alike(name, names[i]))
			return i + 1;
	return 0;
}
