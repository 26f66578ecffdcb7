/* SPDX-License-Identifier: MIT */
#include "conf/hcfgmodel.h"

#include "hcfgfixture.h"

static const struct hcfgmodel_proxy *proxy_named(const struct translation *t, const char *name)
{
	const struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &t->model.proxies, next)
		if (strcmp(p->name, name) == 0)
			return p;
	fail_msg("no proxy %s", name);
	return NULL;
}

static void sections_begin_with_the_defaults_before_them(void **state)
{
	struct translation t;

	(void)state;
	translate(&t,
	          "defaults one\nretries 1\ntimeout client 1s\ndefaults\nretries 2\n"
	          "listen a\nbind :1\nlisten b from one\nretries 9\n"
	          "defaults three from one\ntimeout client 3s\nbackend c\nbackend d from three\n");
	assert_int_equal(proxy_named(&t, "a")->retries.n, 2);
	assert_false(proxy_named(&t, "a")->client_ms.set);
	assert_int_equal(proxy_named(&t, "b")->retries.n, 9);
	assert_int_equal(proxy_named(&t, "b")->client_ms.n, 1000);
	assert_int_equal(proxy_named(&t, "c")->retries.n, 1);
	assert_int_equal(proxy_named(&t, "c")->client_ms.n, 3000);
	assert_int_equal(proxy_named(&t, "d")->client_ms.place.line, 11);
	assert_non_null(hcfgmodel_find_backend(&t.model, "d"));
	assert_null(hcfgmodel_find_backend(&t.model, "e"));
	translation_release(&t);
}

static void servers_begin_with_the_default_server_lines_before_them(void **state)
{
	struct translation t;
	const struct hcfgmodel_server *s;

	(void)state;
	translate(&t, "defaults\ndefault-server check inter 1s\nlisten a\nbind :1\n"
	              "server x 10.0.0.1:1\ndefault-server rise 9 backup\nserver y 10.0.0.2:1\n"
	              "server z 10.0.0.3:1 no-check no-backup inter 5s\nlisten b\nbind :2\n"
	              "server x 10.0.0.1:1\n");
	assert_string_equal(text_str(&t.notes), "");
	s = STAILQ_FIRST(&proxy_named(&t, "a")->servers);
	assert_true(s->check);
	assert_false(s->s.backup);
	assert_int_equal(s->inter.n, 1000);
	assert_false(s->rise.set);
	s = STAILQ_NEXT(s, next);
	assert_int_equal(s->rise.n, 9);
	assert_true(s->s.backup);
	s = STAILQ_NEXT(s, next);
	assert_false(s->check);
	assert_false(s->s.backup);
	assert_int_equal(s->inter.n, 5000);
	s = STAILQ_FIRST(&proxy_named(&t, "b")->servers);
	assert_true(s->check);
	assert_false(s->rise.set);
	translation_release(&t);
}

static void no_and_default_take_options_back(void **state)
{
	struct translation t;

	(void)state;
	translate(&t, "global\nlog stderr local0\ndefaults\noption tcpka\noption allbackups\n"
	              "option redispatch\noption dontlognull\noption httpchk\nlog global\n"
	              "listen a\nno option clitcpka\nno option allbackups\nno option redispatch\n"
	              "default option dontlognull\nno log\nno option contstats\nlisten b\n");
	assert_false(proxy_named(&t, "a")->clitcpka.n);
	assert_false(proxy_named(&t, "a")->allbackups.n);
	assert_false(proxy_named(&t, "a")->redispatch.n);
	assert_false(proxy_named(&t, "a")->dontlognull.n);
	assert_false(proxy_named(&t, "a")->log_global);
	assert_int_equal(proxy_named(&t, "a")->health.type, SETTINGS_CHECK_HTTP);
	assert_true(proxy_named(&t, "b")->srvtcpka.n);
	assert_true(proxy_named(&t, "b")->log_global);
	translation_release(&t);
}

static const struct {
	const char *word;
	uint32_t ms;
} times[] = {
	{ "0", 0 },
	{ "7", 7 },
	{ "7ms", 7 },
	{ "1us", 1 },
	{ "1000us", 1 },
	{ "1001us", 2 },
	{ "2s", 2000 },
	{ "3m", 180000 },
	{ "1h", 3600000 },
	{ "1d", 86400000 },
	{ "2147483647", 2147483647 },
};

static void times_have_one_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		AUTO_TEXT cfg = { 0 };
		struct translation t;

		text_addf(&cfg, "listen a\ntimeout client %s\n", times[i].word);
		translate(&t, text_str(&cfg));
		assert_true(proxy_named(&t, "a")->client_ms.set);
		assert_int_equal(proxy_named(&t, "a")->client_ms.n, times[i].ms);
		translation_release(&t);
	}
}

static const struct {
	const char *cfg, *notes;
} sections[] = {
	{ "listen a b\n", "h.cfg:1: \"listen\": unexpected \"b\"\n" },
	{ "listen\n",
	  "h.cfg:1: \"listen\": a name is missing: write 1 to 64 letters, digits, - _ . "
	  ":\n" },
	{ "listen a from\n", "h.cfg:1: \"listen\": from what?\n" },
	{ "defaults x\nlisten a from x y\n", "h.cfg:2: \"listen\": unexpected \"y\"\n" },
	{ "listen a\nlisten a\n",
	  "h.cfg:2: \"listen\": the name \"a\" is taken by a listen in line 1\n" },
	{ "listen a\nbackend a\n",
	  "h.cfg:2: \"backend\": the name \"a\" is taken by a listen in line 1\n"
	  "h.cfg:2: note: no service uses \"backend a\": left out\n" },
	{ "frontend a\nfrontend a\n",
	  "h.cfg:2: \"frontend\": the name \"a\" is taken by a frontend in line 1\n" },
	{ "global\nbalance source\n",
	  "h.cfg:2: \"balance\": it does not belong in the section \"global\"\n" },
	{ "resolvers\n", "h.cfg:1: \"resolvers\": a name is missing\n" },
	{ "resolvers r\nnameserver a x\n",
	  "h.cfg:2: not carried over: \"nameserver\": \"x\": name servers have numeric addresses\n"
	  "there is no service in it: no \"listen\" and no \"frontend\" has both an address (bind) "
	  "and servers that sluice can use\n" },
};

static void sections_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		struct translation t;

		translate(&t, sections[i].cfg);
		assert_null(t.result.settings);
		assert_string_equal(sections[i].notes, text_str(&t.notes));
		translation_release(&t);
	}
}

static void a_file_does_not_continue_the_section_of_the_one_before(void **state)
{
	struct translation t = { 0 };

	(void)state;
	hcfglex_text(&t.lex, "a", "global\n", 7, &t.list);
	hcfglex_text(&t.lex, "b", "daemon\n", 7, &t.list);
	translate_lines(&t, false);
	assert_string_equal(text_str(&t.notes),
	                    "b:1: \"daemon\": it stands outside of a section: \"global\", "
	                    "\"defaults\", \"listen\", ... come first\n");
	translation_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_begin_with_the_defaults_before_them),
		cmocka_unit_test(servers_begin_with_the_default_server_lines_before_them),
		cmocka_unit_test(no_and_default_take_options_back),
		cmocka_unit_test(times_have_one_unit),
		cmocka_unit_test(sections_are_judged),
		cmocka_unit_test(a_file_does_not_continue_the_section_of_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
