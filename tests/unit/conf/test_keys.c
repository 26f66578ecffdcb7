/* SPDX-License-Identifier: MIT */
#include "conf/keys.h"

#include "samesettings.h"

static const char begin_mark[] = ".\\\" BEGIN keys (from include/conf/keys.def)\n";
static const char end_mark[] = ".\\\" END keys\n";

static void the_checked_in_reference_is_the_tables(void **state)
{
	AUTO_TEXT t = { 0 };

	(void)state;
	keys_write_reference(&t);
	expect_file(TEST_DATA "/../../conf/reference.conf", text_str(&t));
}

static void the_reference_is_valid_and_names_every_key(void **state)
{
	AUTO_TEXT t = { 0 };
	struct settings *s;

	(void)state;
	keys_write_reference(&t);
	s = valid(text_str(&t));
	assert_int_equal(s->service_count, 1);
	settings_free(s);
	for (size_t i = 0; i < keys_count(); i++) {
		char want[80];

		snprintf(want, sizeof(want), "%s = ", keys_at(i).name);
		assert_non_null(strstr(text_str(&t), want));
	}
}

static void the_manual_page_has_the_tables_list(void **state)
{
	(void)state;
	expect_manual(TEST_DATA "/../../man/sluice.conf.5", begin_mark, end_mark, keys_write_man);
}

/* troff takes a line that begins with a dot for a request, and \ for an escape. */
static void the_manual_page_has_no_stray_requests(void **state)
{
	AUTO_TEXT t = { 0 };

	(void)state;
	keys_write_man(&t);
	for (const char *line = text_str(&t); *line; line += strcspn(line, "\n") + 1)
		if (*line == '.')
			assert_true(strncmp(line, ".TP\n", 4) == 0 ||
			            strncmp(line, ".SS ", 4) == 0);
	for (const char *s = strchr(text_str(&t), '\\'); s; s = strchr(s + 2, '\\'))
		assert_non_null(strchr("fe-&", s[1]));
}

static void every_entry_is_complete(void **state)
{
	(void)state;
	assert_true(keys_count() > 250);
	for (size_t i = 0; i < keys_count(); i++) {
		struct keys_entry e = keys_at(i);
		size_t len = strlen(e.help);

		assert_true(e.group && *e.name && *e.type && e.initial);
		assert_true(len > 5 && e.help[len - 1] == '.');
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(keys_at(j).name, e.name) == 0 &&
			             strcmp(keys_at(j).group, e.group) == 0);
	}
}

/* A check of that type, or an agent, of which nothing else is said. */
static struct settings *with_check(enum settings_check_type type)
{
	char text[512];
	const char *name = settings_check_name(type);
	const char *more = type == SETTINGS_CHECK_EXTERNAL ? "command = \"/bin/sh\";" : "";

	if (type == SETTINGS_CHECK_AGENT)
		return valid(
		    "services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"a\"; "
		    "address = \"h:1\"; agent = { port = 9; }; } ); } );");
	snprintf(
	    text, sizeof(text),
	    "external_checks = true; services = ( { name = \"s\"; bind = \":1\"; servers = ( { "
	    "name = \"a\"; address = \"h:1\"; check = { type = \"%s\"; %s }; } ); } );",
	    name, more);
	return valid(text);
}

static void same_statuses(const struct settings_check *a, const struct settings_check *b)
{
	same_ranges(&a->expect_status, &b->expect_status);
	same_ranges(&a->drain_status, &b->drain_status);
}

static void checks_default_as_the_core_says(void **state)
{
	(void)state;
	for (enum settings_check_type t = SETTINGS_CHECK_TCP; t <= SETTINGS_CHECK_AGENT; t++) {
		struct settings_check want = settings_check_default(t);
		struct settings *s = with_check(t);
		struct settings_check have = s->targets[s->target_count - 1].check;

		/* What had to be said, or is where the check is. */
		want.command = have.command;
		want.port = have.port;
		want.port_number = have.port_number;
		same_check(&have, &want);
		same_statuses(&have, &want);
		assert_int_equal(have.verify, want.verify);
		assert_int_equal(have.proxy_version, want.proxy_version);
		settings_free(s);
	}
}

static void services_default_as_the_core_says(void **state)
{
	struct settings_service want = settings_service_default();
	struct settings *s = valid(BASE);
	struct settings_service have = s->services[0];

	(void)state;
	want.name = have.name;
	want.binds = have.binds;
	want.bind_count = have.bind_count;
	want.servers = NULL;
	want.server_count = have.server_count = 0;
	same_service(s, &have, s, &want);
	assert_int_equal(have.conn_rate_limit.period_ms, want.conn_rate_limit.period_ms);
	assert_int_equal(have.conn_rate_limit.size, want.conn_rate_limit.size);
	assert_int_equal(have.hash.balance_factor, want.hash.balance_factor);
	settings_free(s);
}

static void servers_default_as_the_core_says(void **state)
{
	static const char *const confs[] = {
		BASE,
		"services = ( { name = \"s\"; bind = \":1\"; servers = ( { name = \"a\"; address "
		"= \"h:1\"; } ); } );"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(confs); i++) {
		struct settings_server want = settings_server_default();
		struct settings *s = valid(confs[i]);
		const struct settings_server *have = &s->services[0].servers[0];

		want.name = have->name;
		want.host = have->host;
		want.port = have->port;
		same_server(s, have, s, &want);
		settings_free(s);
	}
}

static void the_process_defaults_as_the_core_says(void **state)
{
	struct settings *want = settings_new();
	struct settings *have = valid(BASE);

	(void)state;
	same_process(have, want);
	settings_free(want);
	settings_free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checked_in_reference_is_the_tables),
		cmocka_unit_test(the_reference_is_valid_and_names_every_key),
		cmocka_unit_test(the_manual_page_has_the_tables_list),
		cmocka_unit_test(the_manual_page_has_no_stray_requests),
		cmocka_unit_test(every_entry_is_complete),
		cmocka_unit_test(checks_default_as_the_core_says),
		cmocka_unit_test(services_default_as_the_core_says),
		cmocka_unit_test(servers_default_as_the_core_says),
		cmocka_unit_test(the_process_defaults_as_the_core_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
