/* SPDX-License-Identifier: MIT */
#include "conf/lint.h"

#include "fixture.h"
#include "lintrows.h"

static const char begin_mark[] = ".\\\" BEGIN rules (from include/conf/lint.def)\n";
static const char end_mark[] = ".\\\" END rules\n";

static const char *given(const char *part, const char *usual)
{
	return part ? part : usual;
}

static void build(const struct parts *p, struct text *out)
{
	if (p->whole)
		text_add(out, p->whole);
	else
		text_addf(
		    out,
		    "%s\ncluster = {\n  nodes = ( %s );\n  server = { %s };\n  check = { %s };\n"
		    "};\nservices = (\n  { name = \"psql\"; bind = \":26257\"; balance = "
		    "\"leastconn\"; %s },\n  { name = \"dbconsole\"; bind = \":8080\"; port = "
		    "\"http\"; }\n);\n",
		    given(p->top, ""), given(p->nodes, NODES), given(p->server, SLOW),
		    given(p->check, "type = \"http\";"), given(p->service, ""));
}

struct looked {
	struct lintfile *file;
	struct lint lint;
};

static void look_at(struct looked *l, const char *text, const struct lint_facts *facts)
{
	struct loader_problems problems = { 0 };
	struct lint_facts known = *facts;

	if (!known.initial_wait_given) {
		known.initial_wait_given = true;
		known.initial_wait_ms = 60000;
	}
	*l = (struct looked){ .file = lintfile_read_string("x.conf", text, &problems) };
	if (!l->file)
		fail_msg("%s\n%s", problems.lines[0], text);
	loader_problems_release(&problems);
	lint_settings(&l->lint, l->file, &known);
}

static void look(struct looked *l, const struct parts *p)
{
	AUTO_TEXT text = { 0 };

	build(p, &text);
	look_at(l, text_str(&text), &p->facts);
}

static void forget(struct looked *l)
{
	lint_release(&l->lint);
	lintfile_free(l->file);
}

static const struct lint_finding *find(const struct looked *l, enum lint_id rule)
{
	for (size_t i = 0; i < l->lint.count; i++)
		if (l->lint.findings[i].rule == rule)
			return &l->lint.findings[i];
	return NULL;
}

static bool names(const struct lint_finding *f, const char *subject)
{
	for (size_t i = 0; i < f->subject_count; i++)
		if (strcmp(f->subjects[i], subject) == 0)
			return true;
	return false;
}

static void each_rule_finds_what_it_is_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = lint_rule_of(rows[i].rule)->name;
		const struct lint_finding *f;
		struct looked l;

		look(&l, &rows[i].bad);
		f = find(&l, rows[i].rule);
		if (!f)
			fail_msg("row %zu: %s found nothing", i, name);
		if (!strstr(f->text, rows[i].text) || !strstr(f->cure, rows[i].cure))
			fail_msg("row %zu: %s says \"%s\", \"%s\"", i, name, f->text, f->cure);
		assert_int_equal(f->severity, rows[i].severity);
		if (rows[i].subject)
			assert_true(names(f, rows[i].subject));
		else
			assert_int_equal(f->subject_count, 0);
		forget(&l);
	}
}

static void no_rule_finds_what_is_nearly_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct lint_finding *f;
		struct looked l;

		look(&l, &rows[i].good);
		f = find(&l, rows[i].rule);
		if (f)
			fail_msg("row %zu: %s: %s", i, lint_rule_of(f->rule)->name, f->text);
		forget(&l);
	}
}

static void each_rule_has_its_rows_and_words(void **state)
{
	(void)state;
	for (int r = 0; r < LINT_RULES; r++) {
		const struct lint_rule *rule = lint_rule_of((enum lint_id)r);
		size_t len = strlen(rule->text);
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_LEN(rows); i++)
			n += (int)rows[i].rule == r;
		if (!n)
			fail_msg("%s has no row", rule->name);
		assert_true(len > 80 && rule->text[len - 1] == '.');
		assert_true(strspn(rule->name, "abcdefghijklmnopqrstuvwxyz-") ==
		            strlen(rule->name));
		assert_true(rule->title[strlen(rule->title) - 1] != '.');
	}
}

static void a_good_configuration_has_no_finding(void **state)
{
	static const struct parts good = { 0 };
	struct looked l;

	(void)state;
	look(&l, &good);
	if (l.lint.count)
		fail_msg("%s: %s", lint_rule_of(l.lint.findings[0].rule)->name,
		         l.lint.findings[0].text);
	forget(&l);
}

static void an_initial_wait_that_nobody_told_is_a_note(void **state)
{
	static const struct lint_facts facts = { .proxies = 1 };
	static const struct parts good = { 0 };
	struct loader_problems problems = { 0 };
	AUTO_TEXT text = { 0 };
	struct lintfile *file;
	struct lint l = { 0 };

	(void)state;
	build(&good, &text);
	file = lintfile_read_string("x.conf", text_str(&text), &problems);
	assert_non_null(file);
	loader_problems_release(&problems);
	lint_settings(&l, file, &facts);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.of_severity[LINT_NOTE], 1);
	assert_int_equal(l.findings[0].rule, LINT_INITIAL_WAIT);
	assert_int_equal(l.findings[0].cure_kind, LINT_SQL);
	assert_non_null(strstr(l.findings[0].text, "is 0s by default"));
	lint_release(&l);
	lintfile_free(file);
}

static void findings_that_differ_in_their_subject_are_one(void **state)
{
	static const struct parts parts = { .check = "type = \"http\"; fall = 1;" };
	struct looked l;

	(void)state;
	look(&l, &parts);
	assert_int_equal(l.lint.count, 1);
	assert_int_equal(l.lint.findings[0].subject_count, 3);
	assert_string_equal(l.lint.findings[0].subjects[2], "n3");
	forget(&l);
}

static void findings_come_in_the_order_of_the_file(void **state)
{
	static const struct parts parts = {
		.top = "timeout = { client = \"1m\";\nserver = \"2m\"; };\nredispatch = false;",
		.check = "type = \"tcp\";\nfall = 1;",
		.facts = { .initial_wait_given = true },
	};
	static const struct {
		unsigned int line;
		enum lint_id rule;
	} want[] = {
		{ 1, LINT_IDLE_TIMEOUT }, { 2, LINT_CONTRADICTION }, { 3, LINT_REDISPATCH },
		{ 7, LINT_BLIND_CHECK },  { 8, LINT_FALL_ONE },
	};
	struct looked l;

	(void)state;
	look(&l, &parts);
	assert_int_equal(l.lint.count, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(l.lint.findings[i].place.line, want[i].line);
		assert_int_equal(l.lint.findings[i].rule, want[i].rule);
		assert_string_equal(l.lint.findings[i].place.file, "x.conf");
	}
	assert_int_equal(l.lint.of_severity[LINT_WARNING], ARRAY_LEN(want));
	forget(&l);
}

static void frontends_count_instead_of_their_service(void **state)
{
	static const struct parts parts = {
		.whole =
		    "cluster = { nodes = ( " NODES " ); };\n"
		    "services = ( { name = \"psql\";\n"
		    "frontends = ( { name = \"in\"; bind = \":26257\"; tcp_user_timeout = \"0s\";\n"
		    "timeout = { client = \"1m\"; }; keepalive = { client = false; }; } ); } );"
	};
	struct looked l;

	(void)state;
	look(&l, &parts);
	assert_non_null(find(&l, LINT_IDLE_TIMEOUT));
	assert_non_null(find(&l, LINT_CONTRADICTION));
	assert_non_null(strstr(find(&l, LINT_KEEPALIVE)->text, "none towards clients"));
	forget(&l);
}

static void haproxys_configuration_is_looked_at_as_its_translation(void **state)
{
	static const struct lint_facts facts = { 0 };
	struct looked l;

	(void)state;
	look_at(&l,
	        "defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 1m\n"
	        "  timeout server 1m\n  option clitcpka\n\n"
	        "listen psql\n  bind :26257\n  option httpchk GET /health\n"
	        "  server n1 10.0.0.1:26257 check port 8080\n"
	        "  server n2 10.0.0.2:26257 check port 8080\n",
	        &facts);
	assert_true(lintfile_is_haproxy(l.file));
	assert_int_equal(find(&l, LINT_IDLE_TIMEOUT)->place.line, 8);
	assert_string_equal(find(&l, LINT_IDLE_TIMEOUT)->place.file, "x.conf");
	assert_non_null(strstr(find(&l, LINT_IDLE_TIMEOUT)->cure, "connect = \"10s\""));
	assert_non_null(find(&l, LINT_HEALTH_PATH));
	assert_non_null(find(&l, LINT_REDISPATCH));
	assert_non_null(find(&l, LINT_KEEPALIVE));
	forget(&l);
}

static void the_manual_page_has_the_tables_rules(void **state)
{
	(void)state;
	expect_manual(TEST_DATA "/../../man/sluice.1", begin_mark, end_mark, lint_write_man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_what_it_is_for),
		cmocka_unit_test(no_rule_finds_what_is_nearly_the_same),
		cmocka_unit_test(each_rule_has_its_rows_and_words),
		cmocka_unit_test(a_good_configuration_has_no_finding),
		cmocka_unit_test(an_initial_wait_that_nobody_told_is_a_note),
		cmocka_unit_test(findings_that_differ_in_their_subject_are_one),
		cmocka_unit_test(findings_come_in_the_order_of_the_file),
		cmocka_unit_test(frontends_count_instead_of_their_service),
		cmocka_unit_test(haproxys_configuration_is_looked_at_as_its_translation),
		cmocka_unit_test(the_manual_page_has_the_tables_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
