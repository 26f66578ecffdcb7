/* SPDX-License-Identifier: MIT */
#include "conf/generate.h"

#include <string.h>

static const struct generate_service standard[] = {
	{ .name = "psql", .port = 26257, .sql = true },
	{ .name = "dbconsole", .port = 8080, .sql = false },
};

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

static void add_node(const struct nodelist_node *n, struct text *out)
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
	text_add(out, " }");
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

static void add_discover(const struct generate_options *o, struct text *out)
{
	text_add(out, "\t# To let nodes come and go as the cluster tells, without a reload, delete "
	              "nodes above:\n\t# what is written stays, also when the cluster has "
	              "decommissioned it.\n"
	              "\t# discover = { from = ");
	text_add(out, o->from_count > 1 ? "( " : "");
	for (size_t i = 0; i < o->from_count; i++) {
		text_add(out, i ? ", " : "");
		add_string(out, o->from[i]);
	}
	text_add(out, o->from_count > 1 ? " )" : "");
	if (o->session) {
		bool in_file = strncmp(o->session, "file:", strlen("file:")) == 0;

		text_add(out, "; session = ");
		add_string(out, in_file ? o->session : "file:/etc/sluice/session");
	}
	if (o->ca) {
		text_add(out, "; ca = ");
		add_string(out, o->ca);
	}
	text_add(out, "; };\n");
}

static void add_cluster(const struct nodelist *nodes, const struct generate_options *o,
                        struct text *out)
{
	text_add(out, "cluster = {\n");
	if (o->here)
		text_add(
		    out,
		    "\t# The more of its locality a node shares with this proxy the nearer it is. "
		    "Further nodes get\n\t# sessions as far as more than 28 % of the nearer ones "
		    "are "
		    "away: tiers and spill say how.\n");
	text_add(out, "\tnodes = (\n");
	for (size_t i = 0; i < nodes->count; i++) {
		add_node(&nodes->nodes[i], out);
		text_add(out, i + 1 < nodes->count ? ",\n" : "\n");
	}
	text_add(out, "\t);\n");
	if (o->from_count)
		add_discover(o, out);
	add_check(o, out);
	text_add(out, "\t# A node that comes back gets its share little by little.\n"
	              "\tserver = { slowstart = \"30s\"; };\n"
	              "};\n\n");
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
	add_head(nodes, o, out);
	add_cluster(nodes, o, out);
	add_services(o, out);
	text_add(
	    out,
	    "# client and server end sessions that are silent in both directions; longer than the "
	    "longest\n# statement. A failed connect goes to another node at once.\n"
	    "timeout = { connect = \"5s\"; client = \"10m\"; server = \"10m\"; };\n\n"
	    "# Dashboard and metrics on http://127.0.0.1:8404/, commands through the socket.\n"
	    "admin = { bind = \"127.0.0.1:8404\"; socket = \"/run/sluice/admin.sock\"; };\n\n"
	    "log = ( { target = \"stderr\"; format = \"text\"; level = \"info\"; } );\n");
}
