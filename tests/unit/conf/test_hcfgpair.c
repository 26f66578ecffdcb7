/* SPDX-License-Identifier: MIT */
#include "hcfgshow.h"

static void show_structure(struct text *t, const struct settings *s)
{
	for (size_t i = 0; i < s->service_count; i++) {
		const struct settings_service *v = &s->services[i];

		text_addf(t, "%s%s %u:", i ? "; " : "", v->name, v->id);
		for (size_t k = 0; k < v->frontend_count; k++)
			text_addf(t, " <%s %u>", v->frontends[k].name, v->frontends[k].id);
		for (size_t k = 0; k < v->server_count; k++) {
			text_addf(t, " %s=%u", v->servers[k].name, v->servers[k].id);
			show_text(t, "track", v->servers[k].track);
			if (v->servers[k].agent)
				show_check(t, &s->targets[v->servers[k].agent - 1].check);
		}
	}
}

static const struct show_case sections_keep_their_names_and_numbers_cases[] = {
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\nserver t 10.0.0.1:6\n", "", "a 1: s=1 t=2" },
	{ "global\nstats socket /run/x\nlisten a\nbind :1\nserver s 10.0.0.1:5\n", "", "a 2: s=1" },
	{ "frontend f\nbind :1\ndefault_backend b\nfrontend g\nbind :2\ndefault_backend"
	  " b\nbackend b\nserver s 10.0.0.1:5\n",
	  "", "b 3: <f 1> <g 2> s=1" },
	{ "listen a\nid 2\nbind :1\nserver s 10.0.0.1:5 id 2\nserver t 10.0.0.1:5\nserver"
	  " u 10.0.0.1:5 id 1\nbackend b\nserver s 10.0.0.1:5\nlisten c\nid 3\nbind"
	  " :2\nserver s 10.0.0.1:5\nbackend d\n",
	  "", "a 2: s=2 t=3 u=1; b 4: s=1; c 3: s=1; d 6:" },
	{ "frontend f\nbind :1\n", "", "f 1:" },
	{ "frontend f\nbind :1\ndefault_backend x\n", "h.cfg:3: there is no \"backend x\"\n",
	  NULL },
	{ "frontend f\nbind :1\nuse_backend b if { src 10.0.0.1 }\ndefault_backend"
	  " b\nbackend b\n",
	  "h.cfg:3: not carried over: \"use_backend\": b by a condition; a service has one"
	  " set of servers: make another service for these\n",
	  "b 2: <f 1>" },
	{ "frontend f\nbind :1\nuse_backend x if { src 10.0.0.1 }\ndefault_backend"
	  " b\nbackend b\n",
	  "h.cfg:3: not carried over: \"use_backend\": x by a condition; a service has one"
	  " set of servers: make another service for these\nh.cfg:3: there is no \"backend"
	  " x\"\n",
	  NULL },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\nfrontend f\nbind :2\ndefault_backend a\n", "",
	  "a 1: <a 1> <f 2> s=1" },
	{ "listen a\nbind :1\ndisabled\nserver s 10.0.0.1:5\nlisten b\nbind :2\nserver s"
	  " 10.0.0.1:5\n",
	  "", "a 1: s=1; b 2: s=1" },
	{ "listen a\nbind :1,:2\nserver s 10.0.0.1\n",
	  "h.cfg:1: note: \"listen a\": its servers have the port that the client dials;"
	  " those of port 2 are the service \"a-2\"\n",
	  "a 1: s=1; a-2 1: s=1" },
	{ "frontend f\nmode http\nbind :1\ndefault_backend b\nbackend b\n",
	  "h.cfg:2: note: \"mode http\": sluice relays the bytes of \"frontend f\" without"
	  " looking at HTTP: one server for all requests of a connection, no headers or"
	  " pages of its own\nh.cfg:4: \"backend b\" is not of mode http, as \"f\" is\n",
	  NULL },
	{ "listen a\nid 5\nbind :1\nlisten b\nid 5\nbind :2\n",
	  "h.cfg:5: \"id\": 5 is taken in line 2\n", NULL },
	{ "backend b\nserver s 10.0.0.1:5\n", "", "b 1: s=1" },
	{ "listen a\nbind :1\nserver s 10.0.0.1:5\nserver t abns@x\nserver u 10.0.0.1:6\n",
	  "h.cfg:4: not carried over: \"server\": \"abns@x\": servers are reached over TCP"
	  " or a UNIX path\n",
	  "a 1: s=1 u=3" },
	{ "frontend a\nbind :1\nbackend a\nserver s 10.0.0.1:5\n", "", "a 1:; a-1 2: s=1" },
};

static void sections_keep_their_names_and_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sections_keep_their_names_and_numbers_cases); i++)
		expect_shown(&sections_keep_their_names_and_numbers_cases[i], "", show_structure);
}

static void every_port_has_its_service(void **state)
{
	static const char cfg[] = "listen a\nbind :20000-20500\nbind 127.0.0.1:20500-20501\n"
	                          "server s 10.0.0.1\n";
	struct translation t;
	const struct settings_service *last;

	(void)state;
	translate_direct(&t, cfg, sizeof(cfg) - 1);
	assert_non_null(t.result.settings);
	assert_int_equal(t.result.settings->service_count, 502);
	last = &t.result.settings->services[501];
	assert_string_equal(last->name, "a-20501");
	assert_int_equal(last->bind_count, 1);
	assert_int_equal(last->servers[0].port, 20501);
	assert_int_equal(t.result.settings->services[500].bind_count, 2);
	translation_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_keep_their_names_and_numbers),
		cmocka_unit_test(every_port_has_its_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
