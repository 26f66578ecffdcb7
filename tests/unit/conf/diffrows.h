/* SPDX-License-Identifier: MIT */
#ifndef CONF_DIFFROWS_H
#define CONF_DIFFROWS_H

#include "fixture.h"

/* What is around a key of a group, and the path of the group in a comparison. */
struct diffframe {
	const char *group, *before, *after, *path;
};

/*
 * One key in two values, with what they need, and the path of the difference; NULL: the name of
 * the key at the end of the group's path, or that path if it ends with '!'.
 */
struct diffrow {
	const char *group, *name, *before, *after, *path;
};

static const struct diffframe diffframes[] = {
	{ "", "", "", "" },
	{ "resolver", BASE "resolver = {", "};", "resolver." },
	{ "cluster", "cluster = { ", "}; services = ( { name = \"psql\"; bind = \":26257\"; } ); ",
	  "cluster." },
	{ "cluster.discover", "cluster = { discover = { ",
	  "}; }; services = ( { name = \"psql\"; bind = \":26257\"; } ); ", "cluster.discover." },
	{ "cluster.discover.map", "cluster = { discover = { from = \"http://h:1\"; map = ( { ",
	  "} ); }; }; services = ( { name = \"psql\"; bind = \":26257\"; } ); ",
	  "cluster.discover.map[n1]." },
	{ "cluster.nodes", "cluster = { nodes = ( { ",
	  "} ); }; services = ( { name = \"psql\"; bind = \":26257\"; } ); protocol = \"pgwire\";",
	  "cluster.nodes.n1." },
	{ "cluster.server",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); server = { ",
	  "}; }; services = ( { name = \"psql\"; bind = \":26257\"; } ); protocol = \"pgwire\";",
	  "cluster.server." },
	{ "check",
	  "external_checks = true; cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } "
	  "); check = { ",
	  "}; }; services = ( { name = \"psql\"; bind = \":26257\"; } ); ", "cluster.check." },
	{ "steps",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; check = { ",
	  "}; } ); } );", "services.s.servers.a.check.steps!" },
	{ "steps.connect",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; check = { "
	  "type = \"tcp\"; steps = ( { connect = { ",
	  "}; } ); }; } ); } );", "services.s.servers.a.check.steps!" },
	{ "steps.request",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; check = { "
	  "type = \"http\"; steps = ( { request = { ",
	  "}; } ); }; } ); } );", "services.s.servers.a.check.steps!" },
	{ "steps.expect",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; check = { ",
	  " }; } ); } );", "services.s.servers.a.check.steps!" },
	{ "agent",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; agent = { ",
	  "}; } ); } );", "services.s.servers.a.agent." },
	{ "source",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { name = \"a\"; address = \"10.0.0.1:5\"; source = { ",
	  "}; } ); } );", "services.s.servers.a.source!" },
	{ "services",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { ",
	  "} );", "services.s." },
	{ "services.bind",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; bind = ( { ",
	  "} ); } );", "services.s.bind[:1]." },
	{ "services.frontends",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; frontends = ( { ",
	  "} ); } );", "services.s.frontends.f." },
	{ "services.servers",
	  "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"b\"; address = "
	  "\"10.0.0.2:5\"; check = { }; }, { ",
	  "} ); } ); protocol = \"pgwire\";", "services.s.servers.a." },
	{ "timeout",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; bind = \":1\"; timeout = { ",
	  "}; } );", "services.s.timeout." },
	{ "keepalive",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; bind = \":1\"; keepalive = { ",
	  "}; } );", "services.s.keepalive." },
	{ "frontends.timeout",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; frontends = ( { name = \"f\"; bind = \":1\"; timeout = { ",
	  "}; } ); } );", "services.s.frontends.f.timeout." },
	{ "frontends.keepalive",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; frontends = ( { name = \"f\"; bind = \":1\"; keepalive = { ",
	  "}; } ); } );", "services.s.frontends.f.keepalive." },
	{ "hash",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; bind = \":1\"; hash = { ",
	  "}; } );", "services.s.hash." },
	{ "conn_rate_limit",
	  "cluster = { nodes = ( { name = \"n1\"; host = \"10.0.0.1\"; } ); }; services = ( { name "
	  "= \"s\"; bind = \":1\"; conn_rate_limit = { ",
	  "}; } );", "services.s.conn_rate_limit." },
	{ "admin", BASE "admin = {", "};", "admin." },
	{ "admin.sockets", BASE "admin = { sockets = ( {", "} ); };", "admin.sockets[/run/x]." },
	{ "admin.users", BASE "admin = { users = ( {", "} ); };", "admin.users[u]." },
	{ "admin.tls", BASE "admin = { tls = {", "}; };", "admin.tls." },
	{ "log", BASE "log = ( {", "} );", "log[stderr]." },
};

static const struct diffrow diffrows[] = {
#define DIFF(...) { __VA_ARGS__ },
#include "diffrows.def"
#undef DIFF
};

#endif
