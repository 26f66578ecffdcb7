/* SPDX-License-Identifier: MIT */
#include "conf/generate.h"

#include "core/tiers.h"

#include <string.h>

static const struct generate_service standard = { .name = "psql", .port = 26257, .sql = true };

/* CockroachDB calls its servers "cockroach1"; so it does if all nodes have numbers only. */
static bool have_numbers(const struct nodelist *nodes)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const char *s = nodes->nodes[i].name;

		if (*s != 'n' || !s[1] || s[1 + strspn(s + 1, "0123456789")])
			return false;
	}
	return true;
}

/* The most that any node shares with this place. */
static uint32_t nearest(const struct nodelist *nodes, const char *here)
{
	uint32_t most = 0;

	for (size_t i = 0; here && i < nodes->count; i++) {
		uint32_t shared = tiers_shared(here, nodes->nodes[i].locality);

		if (shared > most)
			most = shared;
	}
	return most;
}

/* A word of HAProxy's: what means something there is escaped (its manual, 2.2). */
static void add_word(const char *s, struct text *out)
{
	for (; *s; s++) {
		if (strchr(" \"'#\\", *s))
			text_addc(out, '\\');
		if ((unsigned char)*s >= 0x20)
			text_addc(out, *s);
	}
}

static void add_server(const struct nodelist_node *n, const struct generate_options *o, bool sql,
                       bool numbers, bool backup, struct text *out)
{
	text_addf(out, "    server %s%s ", numbers ? "cockroach" : "",
	          numbers ? n->name + 1 : n->name);
	text_addf(out, strchr(n->host, ':') ? "[%s]:%u" : "%s:%u", n->host,
	          sql ? n->sql_port : n->http_port);
	text_addf(out, " check port %u", n->http_port);
	if (o->secure)
		text_add(out,
		         o->ca ? " check-ssl verify required ca-file " : " check-ssl verify none");
	if (o->secure && o->ca)
		add_word(o->ca, out);
	text_add(out, backup ? " backup\n" : "\n");
}

static void add_listen(const struct nodelist *nodes, const struct generate_options *o,
                       const struct generate_service *s, struct text *out)
{
	uint32_t most = nearest(nodes, o->here);
	bool numbers = have_numbers(nodes);

	text_addf(out,
	          "\nlisten %s\n    bind :%u\n    mode tcp\n    balance roundrobin\n"
	          "    option httpchk GET /health?ready=1\n",
	          s->name, s->port);
	if (most)
		text_add(out, "    option allbackups\n");
	for (size_t i = 0; i < nodes->count; i++) {
		const struct nodelist_node *n = &nodes->nodes[i];
		bool backup = most && tiers_shared(o->here, n->locality) < most;

		add_server(n, o, s->sql, numbers, backup, out);
	}
}

void generate_haproxy(const struct nodelist *nodes, const struct generate_options *o,
                      struct text *out)
{
	const struct generate_service *s = o->service_count ? o->services : &standard;
	size_t count = o->service_count ? o->service_count : 1;

	text_add(out,
	         "\nglobal\n  maxconn 4096\n\ndefaults\n    mode                tcp\n\n"
	         "    # How long a client waits for a node that does not answer: three times "
	         "connect.\n"
	         "    retries             2\n"
	         "    timeout connect     5s\n\n"
	         "    # Longer than the longest statement, and than a pool leaves a connection "
	         "idle.\n"
	         "    timeout client      10m\n"
	         "    timeout server      10m\n\n"
	         "    # Finds dead clients; the nodes look after their side themselves.\n"
	         "    option              clitcpka\n");
	for (; count; s++, count--)
		add_listen(nodes, o, s, out);
	text_addc(out, '\n');
}
