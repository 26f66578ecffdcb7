/* SPDX-License-Identifier: MIT */
/* WRAP: access ares_set_servers_ports_csv */
#include "engine/resolver.h"

#include "resolver_fixture.h"

#include <ares.h>

static bool hides_resolv_conf; /* as chroot() does */
static char servers_set[256];  /* the last ones that a channel was told */
static int look_ups;           /* each tells its channel */

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	return hides_resolv_conf ? -1 : __real_access(path, mode);
}

int __real_ares_set_servers_ports_csv(ares_channel channel, const char *servers);
int __wrap_ares_set_servers_ports_csv(ares_channel channel, const char *servers);
int __wrap_ares_set_servers_ports_csv(ares_channel channel, const char *servers)
{
	snprintf(servers_set, sizeof(servers_set), "%s", servers);
	look_ups++;
	return __real_ares_set_servers_ports_csv(channel, servers);
}

static void ipv4_is_preferred(void **state)
{
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	f->a.at[1] = "10.0.0.2";
	f->aaaa.at[0] = "fd00::1";
	start(f, 60000, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "10.0.0.1:0");
	assert_string_equal(f->reason[0], "");
	assert_int_equal(f->aaaa.queries, 0);
}

static void ipv6_is_used_when_there_is_nothing_else(void **state)
{
	struct fixture *f = *state;

	f->aaaa.at[0] = "fd00::1";
	start(f, 60000, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "[fd00::1]:0");
	assert_string_equal(f->reason[0], "");
}

static void numeric_address_is_reported_once_and_never_asked_for(void **state)
{
	struct fixture *f = *state;

	start(f, 1, 5000);
	watch(f, "10.1.2.3");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "10.1.2.3:0");
	run_for(f, 0.05);
	resolver_unwatch(f->name);
	watch(f, "fd00::7");
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "[fd00::7]:0");
	run_for(f, 0.05);
	assert_int_equal(f->said, 2);
	assert_int_equal(f->a.queries + f->aaaa.queries, 0);
}

static void hosts_file_needs_no_name_server(void **state)
{
	struct fixture *f = *state;

	start(f, 60000, 5000);
	watch(f, "localhost");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "127.0.0.1:0");
	look_ups = 0;
	run_for(f, 1.2); /* its records have no TTL: every_ms */
	assert_int_equal(look_ups, 0);
	assert_int_equal(f->a.queries + f->aaaa.queries, 0);
}

static void same_answer_is_said_once(void **state)
{
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	start(f, 10, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	run_until_asked(f, 5);
	assert_int_equal(f->said, 1);
}

static void old_address_is_kept_while_it_is_among_the_answers(void **state)
{
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	start(f, 10, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	f->a.at[0] = "10.0.0.9";
	f->a.at[1] = "10.0.0.8";
	f->a.at[2] = "10.0.0.1";
	run_until_asked(f, 3);
	assert_int_equal(f->said, 1);
	f->a.at[2] = NULL;
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "10.0.0.9:0");
	assert_string_equal(f->reason[1], "");
}

static void old_ipv6_address_is_kept_when_ipv4_appears_and_left_when_it_goes(void **state)
{
	struct fixture *f = *state;

	f->aaaa.at[0] = "fd00::1";
	start(f, 10, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	f->a.at[0] = "10.0.0.1";
	run_for(f, 0.1);
	assert_int_equal(f->said, 1);
	f->aaaa.at[0] = "fd00::2";
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "10.0.0.1:0");
}

static void new_ipv6_address_is_taken_when_ipv4_has_none_or_is_silent(void **state)
{
	struct fixture *f = *state;

	f->aaaa.at[0] = "fd00::1";
	start(f, 10, 300);
	watch(f, "n1.test");
	run_until_said(f, 1);
	f->aaaa.at[0] = "fd00::2";
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "[fd00::2]:0");
	f->a.silent = true;
	f->aaaa.at[0] = "fd00::3";
	run_until_said(f, 3);
	assert_string_equal(f->addr[2], "[fd00::3]:0");
	assert_string_equal(f->reason[2], "");
}

static void silence_about_ipv6_does_not_hold_up_ipv4(void **state)
{
	struct fixture *f = *state;
	int64_t before = tick_ms();

	f->aaaa.silent = true;
	f->a.at[0] = "10.0.0.1";
	start(f, 60000, 10000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "10.0.0.1:0");
	assert_true(tick_ms() - before < 3000);
}

static void failures_are_said_in_words(void **state)
{
	static const struct {
		int rcode_a, rcode_aaaa;
		bool silent_a, silent_aaaa;
		const char *reason;
	} cases[] = {
		{ 0, 0, false, false, "DNS server returned answer with no data" },
		{ RCODE_NXDOMAIN, RCODE_NXDOMAIN, false, false, "Domain name not found" },
		{ RCODE_SERVFAIL, RCODE_SERVFAIL, false, false, "No DNS server gave an answer" },
		{ 0, RCODE_SERVFAIL, false, false, "No DNS server gave an answer" },
		{ RCODE_SERVFAIL, 0, false, false, "No DNS server gave an answer" },
		{ 0, 0, true, true, "Timeout while contacting DNS servers" },
		{ 0, 0, true, false, "Timeout while contacting DNS servers" },
		{ 0, 0, false, true, "Timeout while contacting DNS servers" },
	};
	struct fixture *f = *state;

	start(f, 60000, 200);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->a = (struct records){ .rcode = cases[i].rcode_a, .silent = cases[i].silent_a };
		f->aaaa = (struct records){ .rcode = cases[i].rcode_aaaa,
			                    .silent = cases[i].silent_aaaa };
		watch(f, "n1.test");
		f->said = 0;
		run_until_said(f, 1);
		assert_string_equal(f->addr[0], "-");
		assert_string_equal(f->reason[0], cases[i].reason);
		resolver_unwatch(TAKE_PTR(f->name));
	}
}

static void look_up_ends_at_its_time_out(void **state)
{
	struct fixture *f = *state;
	int64_t before;

	f->a.silent = true;
	start(f, 60000, 300);
	watch(f, "n1.test");
	before = tick_ms();
	run_until_said(f, 1);
	assert_in_range(tick_ms() - before, 290, 2000);
	assert_int_equal(f->a.queries, 2);
}

static void absent_name_server_is_a_failure(void **state)
{
	struct fixture *f = *state;

	ev_io_stop(f->loop, &f->queries);
	close(f->fd);
	start(f, 60000, 5000);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "-");
	assert_string_equal(f->reason[0], "No DNS server gave an answer");
	f->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void failure_after_success_keeps_the_address_and_is_tried_again(void **state)
{
	struct fixture *f = *state;
	int64_t failed;

	f->a.at[0] = "10.0.0.1";
	f->aaaa.at[0] = "fd00::1";
	start(f, 10, 300);
	watch(f, "n1.test");
	run_until_said(f, 1);
	f->a.rcode = RCODE_SERVFAIL;
	run_until_said(f, 2);
	failed = tick_ms();
	assert_string_equal(f->addr[1], "10.0.0.1:0");
	assert_string_equal(f->reason[1], "No DNS server gave an answer");
	f->a.rcode = 0;
	run_until_said(f, 3);
	assert_in_range(tick_ms() - failed, 1900, 4000);
	assert_string_equal(f->addr[2], "10.0.0.1:0");
	assert_string_equal(f->reason[2], "");
}

static void vanished_name_keeps_its_address(void **state)
{
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	start(f, 10, 300);
	watch(f, "n1.test");
	run_until_said(f, 1);
	f->a.rcode = RCODE_NXDOMAIN;
	f->aaaa.rcode = RCODE_NXDOMAIN;
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "10.0.0.1:0");
	assert_string_equal(f->reason[1], "Domain name not found");
}

static void name_is_asked_for_again_when_its_ttl_has_passed(void **state)
{
	static const struct {
		uint32_t ttl, cname_ttl, every_ms;
		unsigned int low_ms, high_ms;
	} cases[] = {
		{ 1, 0, 60000, 950, 3000 },   /* the record's */
		{ 0, 0, 60000, 950, 3000 },   /* at least a second */
		{ 300, 1, 60000, 950, 3000 }, /* the alias is part of the answer */
		{ 300, 0, 200, 150, 900 },    /* never later than every_ms */
	};
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->ttl = cases[i].ttl;
		f->cname_ttl = cases[i].cname_ttl;
		f->a.queries = 0;
		start(f, cases[i].every_ms, 5000);
		watch(f, "n1.test");
		run_until_asked(f, 2);
		assert_in_range(f->a.asked_ms[1] - f->a.asked_ms[0], cases[i].low_ms,
		                cases[i].high_ms);
		resolver_unwatch(TAKE_PTR(f->name));
		resolver_free(TAKE_PTR(f->resolver));
	}
}

static void unwatched_name_is_not_heard_of_again(void **state)
{
	struct fixture *f = *state;

	f->a.silent = true;
	start(f, 10, 200);
	watch(f, "n1.test"); /* before its first loop turn */
	resolver_unwatch(TAKE_PTR(f->name));
	run_for(f, 0.02);
	assert_int_equal(f->a.queries, 0);
	watch(f, "n1.test"); /* while a query is out */
	run_until_asked(f, 1);
	assert_true(open_fds() > f->fds);
	resolver_unwatch(TAKE_PTR(f->name));
	assert_int_equal(open_fds(), f->fds);
	run_for(f, 0.3);
	assert_int_equal(f->said, 0);
}

static void name_can_be_unwatched_from_its_own_call(void **state)
{
	struct fixture *f = *state;

	f->a.at[0] = "10.0.0.1";
	f->unwatch_at_once = true;
	start(f, 10, 200);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_null(f->name);
	watch(f, "10.0.0.7");
	run_until_said(f, 2);
	run_for(f, 0.05);
	assert_int_equal(f->said, 2);
}

static void lack_of_descriptors_is_a_failure_that_passes(void **state)
{
	struct fixture *f = *state;
	struct rlimit old;
	struct rlimit none;

	f->a.at[0] = "10.0.0.1";
	start(f, 60000, 5000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	watch(f, "n1.test");
	run_until_said(f, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_string_equal(f->addr[0], "-");
	assert_string_not_equal(f->reason[0], "");
	run_until_said(f, 2);
	assert_string_equal(f->addr[1], "10.0.0.1:0");
}

static void name_servers_that_are_none_are_refused(void **state)
{
	const char *servers[] = { "127.0.0.1:53", "nonsense" };
	struct settings_resolver s = { .nameservers = { servers, 2 } };
	struct fixture *f = *state;
	struct error err = { 0 };

	assert_null(resolver_new(f->loop, &s, &err));
	assert_string_equal(err.text, "name servers \"127.0.0.1:53,nonsense\": "
	                              "Misformatted string");
	assert_null(resolver_new(f->loop, &s, NULL));
	resolver_free(NULL);
	resolver_unwatch(NULL);
}

static void servers_of_the_system_are_used_when_none_are_named(void **state)
{
	struct settings_resolver s = { 0 };
	struct fixture *f = *state;

	f->resolver = resolver_new(f->loop, &s, NULL);
	assert_non_null(f->resolver);
	watch(f, "localhost");
	run_until_said(f, 1);
	assert_string_equal(f->addr[0], "127.0.0.1:0");
}

static void servers_of_the_system_outlive_their_file(void **state)
{
	struct settings_resolver s = { 0 };
	struct fixture *f = *state;
	char host[64];
	uint16_t port;

	servers_set[0] = '\0';
	f->resolver = resolver_new(f->loop, &s, NULL);
	assert_string_equal(servers_set, "");
	hides_resolv_conf = true;
	watch(f, "localhost");
	run_until_said(f, 1);
	hides_resolv_conf = false;
	if (strchr(servers_set, ','))
		*strchr(servers_set, ',') = '\0';
	assert_true(addr_split(servers_set, 0, host, sizeof(host), &port, NULL));
	assert_int_equal(port, 53);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ipv4_is_preferred),
		TEST(ipv6_is_used_when_there_is_nothing_else),
		TEST(numeric_address_is_reported_once_and_never_asked_for),
		TEST(hosts_file_needs_no_name_server),
		TEST(same_answer_is_said_once),
		TEST(old_address_is_kept_while_it_is_among_the_answers),
		TEST(old_ipv6_address_is_kept_when_ipv4_appears_and_left_when_it_goes),
		TEST(new_ipv6_address_is_taken_when_ipv4_has_none_or_is_silent),
		TEST(silence_about_ipv6_does_not_hold_up_ipv4),
		TEST(failures_are_said_in_words),
		TEST(look_up_ends_at_its_time_out),
		TEST(absent_name_server_is_a_failure),
		TEST(failure_after_success_keeps_the_address_and_is_tried_again),
		TEST(vanished_name_keeps_its_address),
		TEST(name_is_asked_for_again_when_its_ttl_has_passed),
		TEST(unwatched_name_is_not_heard_of_again),
		TEST(name_can_be_unwatched_from_its_own_call),
		TEST(lack_of_descriptors_is_a_failure_that_passes),
		TEST(name_servers_that_are_none_are_refused),
		TEST(servers_of_the_system_are_used_when_none_are_named),
		TEST(servers_of_the_system_outlive_their_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
