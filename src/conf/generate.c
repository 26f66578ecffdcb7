/* SPDX-License-Identifier: MIT */
#include "conf/generate.h"

#include <string.h>

static const struct generate_service standard[] = {
	{ .name = "psql", .port = 26257, .sql = true },
	{ .name = "dbconsole", .port = 8080, .sql = false },
};

/* The first tier of a locality: region=us-east-2 of region=us-east-2,zone=us-east-2a. */
static bool same_region(const char *a, const char *b)
{
	size_t len;

	if (!a || !b)
		return false;
	len = strcspn(a, ",");
	return strcspn(b, ",") == len && memcmp(a, b, len) == 0;
}

/* Whether nodes of other regions are told apart: only if this proxy's region has a node. */
static bool has_tiers(const struct nodelist *nodes, const struct generate_options *o)
{
	size_t near = 0;

	for (size_t i = 0; i < nodes->count; i++)
		near += same_region(nodes->nodes[i].locality, o->here);
	return near && near < nodes->count;
}

/* As a string of libconfig: quotes and backslashes escaped, no control characters. */
static void add_string(struct text *out, const char *s)
{
	text_addc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_addc(out, '\\');
		if ((unsigned char)*s >= 0x20)
			text_addc(out, *s);
	}
	text_addc(out, '"');
}

static void add_head(const struct nodelist *nodes, const struct generate_options *o,
                     struct text *out)
{
	text_addf(out, "# sluice: %zu node%s of a CockroachDB cluster. Written by sluice gen.\n",
	          nodes->count, nodes->count == 1 ? "" : "s");
	text_add(out, "#   sluice check -f FILE    is it valid?\n"
	              "#   sluice run -f FILE      run it\n"
	              "# sluice.conf(5) explains every key.\n\n");
	if (!o->here)
		return;
	text_add(out, "# Where this proxy stands.\nlocality = ");
	add_string(out, o->here);
	text_add(out, ";\n\n");
}

static void add_node(const struct nodelist_node *n, bool backup, struct text *out)
{
	text_add(out, "\t\t{ name = ");
	add_string(out, n->name);
	text_add(out, "; host = ");
	add_string(out, n->host);
	text_addf(out, "; sql_port = %u; http_port = %u;", n->sql_port, n->http_port);
	if (n->locality) {
		text_add(out, " locality = ");
		add_string(out, n->locality);
		text_addc(out, ';');
	}
	text_addf(out, "%s }", backup ? " backup = true;" : "");
}

static void add_check(const struct generate_options *o, struct text *out)
{
	text_add(out, "\t# Ready for clients: false while a node starts, drains or has lost its "
	              "cluster. An answer of\n"
	              "\t# 503 stops new sessions at once; three bad checks in a row make a node "
	              "DOWN.\n");
	if (!o->secure) {
		text_add(out, "\tcheck = { type = \"http\"; port = \"http\"; path = "
		              "\"/health?ready=1\"; inter = \"2s\"; rise = 2; fall = 3; };\n");
		return;
	}
	text_add(out, "\tcheck = {\n\t\ttype = \"https\"; port = \"http\"; path = "
	              "\"/health?ready=1\"; inter = \"2s\"; rise = 2; fall = 3;\n");
	if (o->ca) {
		text_add(out, "\t\tca = ");
		add_string(out, o->ca);
		text_add(out, "; # signs the nodes' certificates\n");
	} else {
		text_add(out, "\t\t# Without ca the system's certificates must sign the nodes':\n"
		              "\t\t# ca = \"/etc/sluice/ca.crt\";\n");
	}
	text_add(out, "\t};\n");
}

static void add_cluster(const struct nodelist *nodes, const struct generate_options *o, bool tiers,
                        struct text *out)
{
	text_add(out, "cluster = {\n");
	if (tiers)
		text_add(out,
		         "\t# Nodes of other regions are backups: they serve when no node of this "
		         "region can.\n");
	text_add(out, "\tnodes = (\n");
	for (size_t i = 0; i < nodes->count; i++) {
		const struct nodelist_node *n = &nodes->nodes[i];

		add_node(n, tiers && !same_region(n->locality, o->here), out);
		text_add(out, i + 1 < nodes->count ? ",\n" : "\n");
	}
	text_add(out, "\t);\n");
	add_check(o, out);
	text_add(out, "};\n\n");
}

/* SQL clients are talked to in their words and may wait; a request over HTTP is not said twice. */
static void add_service(const struct generate_service *s, struct text *out)
{
	text_add(out, "\t{\n\t\tname = ");
	add_string(out, s->name);
	text_addf(out, "; bind = \":%u\"; port = \"%s\"; balance = \"%s\";\n", s->port,
	          s->sql ? "sql" : "http", s->sql ? "leastconn" : "roundrobin");
	if (s->sql)
		text_add(out,
		         "\t\tprotocol = \"pgwire\"; # clients are told in SQL's words why they "
		         "are refused\n"
		         "\t\thold = \"5s\"; # while no node is ready new clients wait so long "
		         "instead of failing\n");
	else
		text_add(out,
		         "\t\treplay = false; # a request that a node has seen goes to no other "
		         "one\n");
	text_add(out, "\t}");
}

static void add_services(const struct generate_options *o, struct text *out)
{
	const struct generate_service *s = o->services;
	size_t count = o->service_count;

	if (!count) {
		s = standard;
		count = sizeof(standard) / sizeof(standard[0]);
	}
	text_add(out, "# What clients connect to. port is the nodes' sql_port or http_port.\n"
	              "services = (\n");
	for (; count; s++, count--) {
		add_service(s, out);
		text_add(out, count > 1 ? ",\n" : "\n");
	}
	text_add(out, ");\n\n");
}

void generate_conf(const struct nodelist *nodes, const struct generate_options *o, struct text *out)
{
	bool tiers = has_tiers(nodes, o);

	add_head(nodes, o, out);
	add_cluster(nodes, o, tiers, out);
	add_services(o, out);
	if (tiers)
		text_add(out,
		         "# When a whole region is gone all the others serve, not only one node.\n"
		         "allbackups = true;\n\n");
	text_add(
	    out,
	    "# client and server end sessions that are silent in both directions; longer than the "
	    "longest\n# statement. A failed connect goes to another node at once.\n"
	    "timeout = { connect = \"5s\"; client = \"10m\"; server = \"10m\"; };\n\n"
	    "# Dashboard and metrics on http://127.0.0.1:8404/, commands through the socket.\n"
	    "admin = { bind = \"127.0.0.1:8404\"; socket = \"/run/sluice/admin.sock\"; };\n\n"
	    "log = ( { target = \"stderr\"; format = \"text\"; level = \"info\"; } );\n");
}
