/* SPDX-License-Identifier: MIT */
#include "conf/confdiff.h"

#include "conf/keys.h"
#include "diffrows.h"

static char *diff_of(const char *before, const char *after)
{
	struct settings *a = valid(before);
	struct settings *b = valid(after);
	struct text t = { 0 };
	struct confdiff d;

	confdiff_compare(a, b, &d);
	confdiff_write(&d, &t);
	confdiff_release(&d);
	settings_free(a);
	settings_free(b);
	return text_take(&t);
}

static void expect_diff(const char *before, const char *after, const char *want)
{
	char *lines = diff_of(before, after);

	assert_string_equal(lines, want);
	free(lines);
}

/* --- the whole table ------------------------------------------------------------------------- */

static const struct diffframe *frame_of(const struct diffrow *r)
{
	for (size_t i = 0; i < ARRAY_LEN(diffframes); i++)
		if (strcmp(diffframes[i].group, r->group) == 0)
			return &diffframes[i];
	fail_msg("no frame for %s", r->group);
	return NULL;
}

static char *in_frame(const struct diffrow *r, const char *value)
{
	const struct diffframe *f = frame_of(r);
	struct text t = { 0 };

	text_addf(&t, "%s%s %s", f->before, value, f->after);
	return text_take(&t);
}

static char *path_of(const struct diffrow *r)
{
	const char *path = frame_of(r)->path;
	size_t len = strlen(path);
	struct text t = { 0 };

	if (r->path)
		text_add(&t, r->path);
	else if (len && path[len - 1] == '!')
		text_addn(&t, path, len - 1);
	else
		text_addf(&t, "%s%s", path, r->name);
	return text_take(&t);
}

static void check_row(const struct diffrow *r)
{
	char *before = in_frame(r, r->before);
	char *after = in_frame(r, r->after);
	char *lines = diff_of(before, after);
	char *back = diff_of(after, before);
	char *path = path_of(r);
	const char *said = strchr(lines, ' ');

	if (!said || strncmp(said + 1, path, strlen(path)) != 0 ||
	    !strchr(": \n", said[1 + strlen(path)]))
		fail_msg("%s.%s: want %s, have:\n%s\n%s\n%s", r->group, r->name, path, lines,
		         before, after);
	assert_string_not_equal(back, "no change\n");
	free(before);
	free(after);
	free(lines);
	free(back);
	free(path);
}

static void each_key_alone_is_noticed_with_its_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(diffrows); i++)
		check_row(&diffrows[i]);
}

static void nothing_has_changed_in_the_same_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(diffrows); i++) {
		char *text = in_frame(&diffrows[i], diffrows[i].after);
		struct text moved = { 0 };

		text_addf(&moved, "\n\n%s", text);
		expect_diff(text, text_str(&moved), "no change\n");
		text_release(&moved);
		free(text);
	}
}

static void the_table_here_has_every_key(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_LEN(diffrows), keys_count());
	for (size_t i = 0; i < keys_count(); i++) {
		struct keys_entry e = keys_at(i);
		size_t found = 0;

		for (size_t k = 0; k < ARRAY_LEN(diffrows); k++)
			found += strcmp(diffrows[k].group, e.group) == 0 &&
			         strcmp(diffrows[k].name, e.name) == 0;
		if (found != 1)
			fail_msg("%s.%s is there %zu times", e.group, e.name, found);
	}
}

/* --- what is written ------------------------------------------------------------------------- */

#define NODE(n)       "{ name = \"n" #n "\"; host = \"10.0.0." #n "\"; }"
#define NODES(...)    "cluster = { nodes = ( " __VA_ARGS__ " ); }; "
#define DISCOVER(key) "cluster = { discover = { from = \"http://a:1\"; " key " }; }; "
#define SERVICE(name) "services = ( { name = \"psql\"; bind = \":26257\"; " name " } ); "

static void lines_say_what_was_and_what_is(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} cases[] = {
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1)) SERVICE("balance = \"leastconn\";"),
		  "~ services.psql.balance: \"leastconn\" (was \"roundrobin\")\n" },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1) ", " NODE(4)) SERVICE(""),
		  "+ services.psql.servers.n4 (10.0.0.4:26257)\n" },
		{ NODES(NODE(1) ", " NODE(4)) SERVICE(""), NODES(NODE(1)) SERVICE(""),
		  "- services.psql.servers.n4 (10.0.0.4:26257)\n" },
		{ NODES(NODE(1)) "services = ( { name = \"a\"; bind = \":1\"; }, { name = \"old\"; "
		                 "bind = ( \":2\", \":3\" ); } );",
		  NODES(NODE(1)) "services = ( { name = \"a\"; bind = \":1\"; } );",
		  "- services.old (:2, :3)\n" },
		{ NODES(NODE(1)) SERVICE("") "threads = 2;",
		  NODES(NODE(1)) SERVICE("") "threads = 4;",
		  "! threads: 4 (was 2) needs a restart\n" },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1)) SERVICE("") "user = \"root\";",
		  "! user: \"root\" (was not set) needs a restart\n" },
		{ NODES(NODE(1)) SERVICE("") "pidfile = \"/run/x\";", NODES(NODE(1)) SERVICE(""),
		  "! pidfile: not set (was \"/run/x\") needs a restart\n" },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1)) SERVICE("") "locality = \"a=b\";",
		  "+ locality (\"a=b\")\n" },
		{ NODES(NODE(1)) SERVICE("") "admin = { users = ( { name = \"o\"; password = "
		                             "\"secret1\"; } ); };",
		  NODES(NODE(1)) SERVICE("") "admin = { users = ( { name = \"o\"; password = "
		                             "\"secret2\"; }, { name = \"p\"; password = "
		                             "\"secret3\"; } ); };",
		  "~ admin.users[o].password: \"...\" (was \"...\")\n+ admin.users[p]\n" },
		{ DISCOVER("") SERVICE(""), DISCOVER("session = \"x\"; ") SERVICE(""),
		  "+ cluster.discover.session (\"...\")\n" },
		{ DISCOVER("session = \"x\"; ") SERVICE(""), DISCOVER("") SERVICE(""),
		  "- cluster.discover.session (\"...\")\n" },
		{ DISCOVER("session = \"x\"; ") SERVICE(""),
		  DISCOVER("session = \"y\"; ") SERVICE(""),
		  "~ cluster.discover.session: \"...\" (was \"...\")\n" },
		{ NODES(NODE(1)) SERVICE(""),
		  NODES(NODE(1)) SERVICE("") "admin = ( { }, { bind = \":2\"; } );",
		  "+ admin[:2]\n" },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1)) SERVICE("log = ( ); "),
		  "+ services.psql.log (( ))\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_diff(cases[i].before, cases[i].after, cases[i].want);
}

static void the_order_of_things_is_no_difference(void **state)
{
	(void)state;
	expect_diff(
	    NODES(NODE(1) ", " NODE(2)) "services = ( { name = \"a\"; bind = ( \":1\", \":2\" ); "
	                                "}, { name = \"b\"; bind = \":3\"; } );",
	    NODES(NODE(2) ", " NODE(1)) "services = ( { name = \"b\"; bind = \":3\"; }, { name = "
	                                "\"a\"; bind = ( \":2\", \":1\" ); } );",
	    "no change\n");
}

static void the_same_place_in_other_words_is_no_difference(void **state)
{
	(void)state;
	expect_diff(NODES(NODE(1)) SERVICE(""),
	            NODES(NODE(1)) "services = ( { name = \"psql\"; bind = "
	                           "\"0.0.0.0:26257\"; } );",
	            "no change\n");
}

/* What one service has from its nodes and the other has for itself is compared like with like. */
static void nodes_that_become_servers_stay_what_they_are(void **state)
{
	(void)state;
	expect_diff(NODES(NODE(1)) SERVICE(""),
	            SERVICE("check = { type = \"http\"; port = 8080; }; servers = ( { name = "
	                    "\"n1\"; address = \"10.0.0.1:26257\"; weight = 3; } );"),
	            "~ services.psql.servers.n1.weight: 3 (was 1)\n");
}

static void two_targets_of_one_name_are_two(void **state)
{
	(void)state;
	expect_diff(NODES(NODE(1)) SERVICE("") "log = ( { target = \"stderr\"; }, { target = "
	                                       "\"stderr\"; } );",
	            NODES(NODE(1)) SERVICE("") "log = ( { target = \"stderr\"; }, { target = "
	                                       "\"stderr\"; level = \"err\"; } );",
	            "~ log[stderr].level: \"err\" (was \"info\")\n");
}

static void counted_numbers_are_no_difference(void **state)
{
	struct settings *a = valid(NODES(NODE(1)) SERVICE(""));
	struct settings *b = valid(NODES(NODE(1)) SERVICE(""));
	struct settings_service service = b->services[0];
	struct settings_server server = service.servers[0];
	struct confdiff d;

	(void)state;
	service.id = 3;
	service.id_counted = true;
	server.id = 4;
	server.id_counted = true;
	assert_true(confdiff_same_server(&a->services[0].servers[0], &server));
	service.servers = &server;
	b->services = &service;
	confdiff_compare(a, b, &d);
	assert_int_equal(d.count, 0);
	confdiff_release(&d);
	server.id_counted = service.id_counted = false;
	confdiff_compare(a, b, &d);
	assert_int_equal(d.count, 2);
	assert_string_equal(d.at[0].path, "cluster.nodes.n1.id");
	assert_string_equal(d.at[1].path, "services.psql.id");
	assert_string_equal(d.at[1].before, "0");
	assert_string_equal(d.at[1].after, "3");
	assert_false(d.at[1].restart);
	confdiff_release(&d);
	assert_null(d.at);
	settings_free(a);
	settings_free(b);
}

static void what_no_key_has_is_noticed(void **state)
{
	struct settings *a = valid(NODES(NODE(1)) SERVICE(""));
	struct settings *b = valid(NODES(NODE(1)) SERVICE(""));
	struct settings_service service = b->services[0];
	struct settings_admin admin = b->admins[0];
	struct text t = { 0 };
	struct confdiff d;

	(void)state;
	service.http = true;
	admin.name = "stats";
	admin.id = 7;
	admin.listen = admin.stats_only = true;
	b->services = &service;
	b->admins = &admin;
	confdiff_compare(a, b, &d);
	confdiff_write(&d, &t);
	assert_string_equal(text_str(&t),
	                    "~ services.psql.mode: \"http\" (was \"tcp\")\n+ admin.name (stats)\n"
	                    "~ admin.id: 7 (was 0)\n~ admin.listen: true (was false)\n"
	                    "~ admin.stats_only: true (was false)\n");
	text_release(&t);
	confdiff_release(&d);
	settings_free(a);
	settings_free(b);
}

/* --- what is the same ------------------------------------------------------------------------- */

#define TWO(server) "services = ( { name = \"s\"; bind = \":1\"; servers = ( " server " ); } );"

static void targets_are_the_same_if_checked_in_the_same_way(void **state)
{
	static const struct {
		const char *one, *other;
		bool same;
	} cases[] = {
		{ "{ name = \"a\"; address = \"h:1\"; }",
		  "{ name = \"b\"; address = \"h:1\"; weight = 3; }", true },
		{ "{ name = \"a\"; address = \"h:1\"; }", "{ name = \"a\"; address = \"h:2\"; }",
		  false },
		{ "{ name = \"a\"; address = \"h:1\"; }", "{ name = \"a\"; address = \"i:1\"; }",
		  false },
		{ "{ name = \"a\"; address = \"h:1\"; check = { }; }",
		  "{ name = \"a\"; address = \"h:1\"; check = { inter = \"3s\"; }; }", false },
		{ "{ name = \"a\"; address = \"h:1\"; check = { port = 7; }; }",
		  "{ name = \"a\"; address = \"h:2\"; check = { port = 7; }; }", true },
		{ "{ name = \"a\"; address = \"h:1\"; check = { type = \"tcp\"; steps = ( { send "
		  "= \"a\"; } ); }; }",
		  "{ name = \"a\"; address = \"h:1\"; check = { type = \"tcp\"; steps = ( { send "
		  "= \"b\"; } ); }; }",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct text texts[2] = { { 0 } };
		struct settings *s[2];

		text_addf(&texts[0], TWO("%s"), cases[i].one);
		text_addf(&texts[1], TWO("%s"), cases[i].other);
		for (size_t k = 0; k < 2; k++)
			s[k] = valid(text_str(&texts[k]));
		assert_int_equal(confdiff_same_target(s[0]->targets, s[1]->targets), cases[i].same);
		for (size_t k = 0; k < 2; k++) {
			settings_free(s[k]);
			text_release(&texts[k]);
		}
	}
}

static void agents_are_targets_too(void **state)
{
	static const char *const agents[] = { "port = 7;", "port = 7; rise = 2;",
		                              "port = 7; send = \"a\";", "port = 8;" };
	struct settings *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(agents); i++) {
		struct text t = { 0 };
		struct settings *s;

		text_addf(&t, TWO("{ name = \"a\"; address = \"h:1\"; agent = { %s }; }"),
		          agents[i]);
		s = valid(text_str(&t));
		text_release(&t);
		first = first ? first : settings_ref(s);
		assert_int_equal(confdiff_same_target(&first->targets[1], &s->targets[1]), i == 0);
		assert_true(confdiff_same_server(first->services->servers, s->services->servers));
		settings_free(s);
	}
	settings_free(first);
}

static void where_checks_come_from_is_of_their_target(void **state)
{
	static const char *const sources[] = { "\"10.0.0.5\"", "\"10.0.0.6\"", "\"10.0.0.5:7\"",
		                               "{ address = \"10.0.0.5\"; interface = \"lo\"; }" };
	struct settings *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		struct text t = { 0 };
		struct settings *s;

		text_addf(&t,
		          TWO("{ name = \"a\"; address = \"h:1\"; agent = { port = 7; }; "
		              "source = %s; }"),
		          sources[i]);
		s = valid(text_str(&t));
		text_release(&t);
		first = first ? first : settings_ref(s);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(confdiff_same_target(&first->targets[k], &s->targets[k]),
			                 i == 0);
		settings_free(s);
	}
	settings_free(first);
}

/* Two configurations that only differ in one key, which belongs to one of the parts. */
static bool part_is_same(const char *one, const char *other,
                         bool (*same)(const struct settings *, const struct settings *))
{
	struct settings *a = valid(one);
	struct settings *b = valid(other);
	bool ret = same(a, b);

	settings_free(a);
	settings_free(b);
	return ret;
}

static bool first_server(const struct settings *a, const struct settings *b)
{
	return confdiff_same_server(a->services->servers, b->services->servers);
}

static bool first_bind(const struct settings *a, const struct settings *b)
{
	return confdiff_same_bind(a->services->binds, b->services->binds);
}

static bool first_admin(const struct settings *a, const struct settings *b)
{
	return confdiff_same_admin(a->admins, b->admins);
}

static bool first_socket(const struct settings *a, const struct settings *b)
{
	return confdiff_same_door(a->sockets, b->sockets);
}

static void parts_are_compared_alone(void **state)
{
	static const struct {
		const char *one, *other;
		bool (*same)(const struct settings *, const struct settings *);
		bool want;
	} cases[] = {
		{ BASE, BASE "retries = 9;", first_server, true },
		{ NODES(NODE(1)) SERVICE(""),
		  NODES("{ name = \"n1\"; host = \"10.0.0.1\"; locality = \"a=b\"; }") SERVICE(""),
		  first_server, false },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(2)) SERVICE(""), first_server, false },
		{ NODES(NODE(1)) SERVICE(""), NODES(NODE(1)) SERVICE("port = 3;"), first_server,
		  false },
		{ BASE, CLUSTER "services = ( { name = \"x\"; bind = \"0.0.0.0:26257\"; } );",
		  first_bind, true },
		{ BASE, CLUSTER "services = ( { name = \"x\"; bind = \":26258\"; } );", first_bind,
		  false },
		{ BASE,
		  CLUSTER "services = ( { name = \"x\"; bind = { address = \":26257\"; v6only = "
		          "true; }; } );",
		  first_bind, false },
		{ BASE, BASE "admin = { socket = \"/x\"; };", first_admin, true },
		{ BASE, BASE "admin = { writable = true; };", first_admin, false },
		{ BASE, BASE "admin = { bind = \"127.0.0.1:1\"; };", first_admin, false },
		{ BASE, BASE "admin = { users = ( { name = \"a\"; password = \"b\"; } ); };",
		  first_admin, false },
		{ BASE, BASE "admin = { writable = true; };", first_socket, true },
		{ BASE, BASE "admin = { socket = \"/x\"; };", first_socket, false },
		{ BASE, BASE "retries = 9;", confdiff_same_resolver, true },
		{ BASE, BASE "resolver = { nameservers = \"10.0.0.1\"; };", confdiff_same_resolver,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (part_is_same(cases[i].one, cases[i].other, cases[i].same) != cases[i].want)
			fail_msg("%s\n%s", cases[i].one, cases[i].other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_alone_is_noticed_with_its_path),
		cmocka_unit_test(nothing_has_changed_in_the_same_text),
		cmocka_unit_test(the_table_here_has_every_key),
		cmocka_unit_test(lines_say_what_was_and_what_is),
		cmocka_unit_test(the_order_of_things_is_no_difference),
		cmocka_unit_test(the_same_place_in_other_words_is_no_difference),
		cmocka_unit_test(nodes_that_become_servers_stay_what_they_are),
		cmocka_unit_test(two_targets_of_one_name_are_two),
		cmocka_unit_test(counted_numbers_are_no_difference),
		cmocka_unit_test(what_no_key_has_is_noticed),
		cmocka_unit_test(targets_are_the_same_if_checked_in_the_same_way),
		cmocka_unit_test(agents_are_targets_too),
		cmocka_unit_test(where_checks_come_from_is_of_their_target),
		cmocka_unit_test(parts_are_compared_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
