/* SPDX-License-Identifier: MIT */
#include "core/probe.h"

#include "answers.h"

#include <errno.h>

static void a_tcp_check_says_nothing(void **unused)
{
	struct settings_check check = settings_check_default(SETTINGS_CHECK_TCP);
	struct answer silent = { "", 0, OPEN, PROBE_L4OK, 0, "" };
	struct probe_plan *plan = answers_plan(&check);
	struct probe p;

	(void)unused;
	answers_expect_request(&check, "", 0);
	answers_expect_all(&check, &silent, 1);
	assert_false(probe_plan_uses_tls(plan));
	assert_int_equal(probe_begin(&p, plan, &(struct probe_given){ 0 }), PROBE_CONNECT);
	assert_true(probe_where(&p)->silent);
	assert_false(probe_where(&p)->linger);
	assert_int_equal(probe_connected(&p), PROBE_DONE);
	probe_release(&p);
	probe_plan_free(plan);
}

static void tls_and_a_proxy_header_are_of_every_type(void **unused)
{
	(void)unused;
	for (enum settings_check_type t = SETTINGS_CHECK_TCP; t <= SETTINGS_CHECK_AGENT; t++) {
		struct settings_check check = settings_check_default(t);
		struct probe_plan *plan;
		struct probe p;

		if (t == SETTINGS_CHECK_EXTERNAL)
			continue;
		check.tls = check.send_proxy = true;
		check.alpn = "x";
		plan = answers_plan(&check);
		assert_true(probe_plan_uses_tls(plan));
		probe_begin(&p, plan, &(struct probe_given){ .authority = "a" });
		assert_true(probe_where(&p)->tls);
		assert_true(probe_where(&p)->as_server);
		assert_string_equal(probe_where(&p)->alpn, "x");
		assert_int_equal(probe_where(&p)->send_proxy, t != SETTINGS_CHECK_AGENT);
		assert_false(probe_where(&p)->silent);
		assert_int_equal(probe_where(&p)->linger, t == SETTINGS_CHECK_PGSQL ||
		                                              t == SETTINGS_CHECK_MYSQL ||
		                                              t == SETTINGS_CHECK_SMTP);
		if (t == SETTINGS_CHECK_TCP) {
			assert_int_equal(probe_connected(&p), PROBE_DONE);
			assert_int_equal(probe_verdict(&p)->code, PROBE_L6OK);
		}
		probe_release(&p);
		probe_plan_free(plan);
	}
}

/* How a connection fails, and what each kind of check makes of it. */
static void failures_have_their_words(void **unused)
{
	static const struct settings_step send = { .kind = SETTINGS_STEP_SEND,
		                                   .bytes = "x",
		                                   .len = 1 };
	static const struct {
		enum settings_check_type type;
		bool steps;
		enum probe_layer layer;
		int errnum;
		const char *words;
		enum probe_code code;
		const char *info;
	} cases[] = {
		{ SETTINGS_CHECK_HTTP, false, PROBE_CONNECTING, ECONNREFUSED, NULL, PROBE_L4CON,
		  "Connection refused" },
		{ SETTINGS_CHECK_TCP, false, PROBE_CONNECTING, ETIMEDOUT, NULL, PROBE_L4TOUT, "" },
		{ SETTINGS_CHECK_TCP, false, PROBE_CONNECTING, EMFILE, NULL, PROBE_UNKNOWN,
		  "Too many open files" },
		{ SETTINGS_CHECK_TCP, true, PROBE_CONNECTING, ECONNREFUSED, NULL, PROBE_L4CON,
		  "Connection refused at initial connection step of tcp-check" },
		{ SETTINGS_CHECK_HTTPS, false, PROBE_HANDSHAKING, 0, "SSL handshake failure: odd",
		  PROBE_L6RSP, "SSL handshake failure: odd" },
		{ SETTINGS_CHECK_REDIS, false, PROBE_HANDSHAKING, 0, "SSL handshake failure: odd",
		  PROBE_L6RSP, "SSL handshake failure" },
		{ SETTINGS_CHECK_TCP, true, PROBE_HANDSHAKING, 0, "SSL handshake failure: odd",
		  PROBE_L6RSP, "SSL handshake failure at initial connection step of tcp-check" },
		{ SETTINGS_CHECK_HTTPS, false, PROBE_ESTABLISHED, 0, "Cannot set up TLS",
		  PROBE_SOCKERR, "Cannot set up TLS" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check check = settings_check_default(cases[i].type);
		struct probe_plan *plan;
		struct probe p;

		check.steps = (struct settings_steps){ &send, cases[i].steps };
		plan = answers_plan(&check);
		probe_begin(&p, plan, &(struct probe_given){ .authority = "a" });
		assert_int_equal(probe_broken(&p, cases[i].layer, cases[i].errnum, cases[i].words),
		                 PROBE_DONE);
		assert_int_equal(probe_verdict(&p)->code, cases[i].code);
		assert_string_equal(probe_verdict(&p)->info, cases[i].info);
		probe_release(&p);
		probe_plan_free(plan);
	}
}

static void time_runs_out_at_a_layer(void **unused)
{
	static const enum probe_code codes[] = { PROBE_L4TOUT, PROBE_L6TOUT, PROBE_L7TOUT };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);
	struct probe_plan *plan = answers_plan(&check);

	(void)unused;
	for (enum probe_layer l = PROBE_CONNECTING; l <= PROBE_ESTABLISHED; l++) {
		struct probe p;

		probe_begin(&p, plan, &(struct probe_given){ .authority = "a" });
		assert_int_equal(probe_expired(&p, l), PROBE_DONE);
		assert_int_equal(probe_verdict(&p)->code, codes[l]);
		assert_string_equal(probe_verdict(&p)->info, "");
		probe_release(&p);
	}
	probe_plan_free(plan);
}

static void a_peer_that_takes_nothing_may_still_have_answered(void **unused)
{
	static const struct settings_step send = { .kind = SETTINGS_STEP_SEND,
		                                   .bytes = "x",
		                                   .len = 1 };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);
	struct probe_plan *plan = answers_plan(&check);
	struct probe p;

	(void)unused;
	probe_begin(&p, plan, &(struct probe_given){ .authority = "a" });
	assert_int_equal(probe_connected(&p), PROBE_SEND);
	assert_int_equal(probe_unsent(&p, EPIPE), PROBE_RECEIVE);
	assert_int_equal(probe_broken(&p, PROBE_ESTABLISHED, ECONNRESET, NULL), PROBE_DONE);
	assert_int_equal(probe_verdict(&p)->code, PROBE_SOCKERR);
	probe_release(&p);
	probe_plan_free(plan);
	check = settings_check_default(SETTINGS_CHECK_TCP);
	check.steps = (struct settings_steps){ &send, 1 };
	plan = answers_plan(&check);
	probe_begin(&p, plan, &(struct probe_given){ 0 });
	assert_int_equal(probe_connected(&p), PROBE_SEND);
	assert_int_equal(probe_unsent(&p, EPIPE), PROBE_DONE);
	assert_int_equal(probe_verdict(&p)->code, PROBE_SOCKERR);
	assert_string_equal(probe_verdict(&p)->info, "Broken pipe at step 1 of tcp-check (send)");
	probe_release(&p);
	probe_plan_free(plan);
}

static void a_lack_of_our_own_says_nothing_of_the_peer(void **unused)
{
	static const int lacks[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL };
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTP);
	struct probe_plan *plan = answers_plan(&check);

	(void)unused;
	for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
		for (int when = 0; when < 3; when++) {
			struct probe p;

			probe_begin(&p, plan, &(struct probe_given){ .authority = "a" });
			if (when == 0) {
				probe_broken(&p, PROBE_CONNECTING, lacks[i], NULL);
			} else if (when == 1) {
				probe_connected(&p);
				assert_int_equal(probe_unsent(&p, lacks[i]), PROBE_DONE);
			} else {
				probe_connected(&p);
				probe_sent(&p);
				probe_broken(&p, PROBE_ESTABLISHED, lacks[i], NULL);
			}
			assert_int_equal(probe_verdict(&p)->code, PROBE_UNKNOWN);
			assert_false(probe_code_passed(probe_verdict(&p)->code));
			probe_release(&p);
		}
	}
	probe_plan_free(plan);
}

static void a_404_does_not_bring_a_server_up(void **unused)
{
	struct probe_result asked = { .code = PROBE_L7OKC, .conditional = true, .status = 404 };
	struct probe_result by_rule = { .code = PROBE_L7OKC, .conditional = true };
	struct probe_result r = probe_when_down(&asked);

	(void)unused;
	assert_int_equal(r.code, PROBE_L7STS);
	assert_false(r.conditional);
	assert_string_equal(r.info, "Not Found");
	assert_int_equal(probe_when_down(&by_rule).code, PROBE_L7OKC);
}

static void a_failed_step_says_why(void **unused)
{
	struct probe_result r = probe_failed(PROBE_L4CON, ECONNREFUSED);

	(void)unused;
	assert_int_equal(r.code, PROBE_L4CON);
	assert_string_equal(r.info, "Connection refused");
	assert_false(r.draining);
	r = probe_failed(PROBE_L7TOUT, 0);
	assert_int_equal(r.code, PROBE_L7TOUT);
	assert_string_equal(r.info, "");
}

static void codes_have_haproxys_names_words_and_numbers(void **unused)
{
	static const struct {
		enum probe_code code;
		const char *name, *words;
		int number;
		bool passed;
	} cases[] = {
		{ PROBE_UNKNOWN, "UNK", "Unknown", 0, false },
		{ PROBE_INIT, "INI", "Initializing", 1, false },
		{ PROBE_SOCKERR, "SOCKERR", "Socket error", 5, false },
		{ PROBE_L4OK, "L4OK", "Layer4 check passed", 6, true },
		{ PROBE_L4TOUT, "L4TOUT", "Layer4 timeout", 7, false },
		{ PROBE_L4CON, "L4CON", "Layer4 connection problem", 8, false },
		{ PROBE_L6OK, "L6OK", "Layer6 check passed", 9, true },
		{ PROBE_L6TOUT, "L6TOUT", "Layer6 timeout", 10, false },
		{ PROBE_L6RSP, "L6RSP", "Layer6 invalid response", 11, false },
		{ PROBE_L7TOUT, "L7TOUT", "Layer7 timeout", 12, false },
		{ PROBE_L7RSP, "L7RSP", "Layer7 invalid response", 13, false },
		{ PROBE_L7OK, "L7OK", "Layer7 check passed", 15, true },
		{ PROBE_L7STS, "L7STS", "Layer7 wrong status", 17, false },
		{ PROBE_L7OKC, "L7OKC", "Layer7 check conditionally passed", 16, true },
		{ PROBE_PROCERR, "PROCERR", "External check error", 18, false },
		{ PROBE_PROCTOUT, "PROCTOUT", "External check timeout", 19, false },
		{ PROBE_PROCOK, "PROCOK", "External check passed", 20, true },
		{ PROBE_CHECKED, "CHECKED", "No status change", 3, false },
		{ PROBE_HANA, "HANA", "Health analyze", 4, false },
		{ PROBE_RESOLVE, "RESOLVE", "Name does not resolve", 2, false },
	};

	enum probe_code found;

	(void)unused;
	assert_int_equal(ARRAY_LEN(cases), PROBE_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(probe_code_name(cases[i].code), cases[i].name);
		assert_string_equal(probe_code_words(cases[i].code), cases[i].words);
		assert_int_equal(probe_code_number(cases[i].code), cases[i].number);
		assert_int_equal(probe_code_passed(cases[i].code), cases[i].passed);
		assert_true(probe_code_find(cases[i].name, &found));
		assert_int_equal(found, cases[i].code);
	}
	assert_true(probe_code_find("l7sts", &found));
	assert_int_equal(found, PROBE_L7STS);
	assert_false(probe_code_find("L7", &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tcp_check_says_nothing),
		cmocka_unit_test(tls_and_a_proxy_header_are_of_every_type),
		cmocka_unit_test(failures_have_their_words),
		cmocka_unit_test(time_runs_out_at_a_layer),
		cmocka_unit_test(a_peer_that_takes_nothing_may_still_have_answered),
		cmocka_unit_test(a_lack_of_our_own_says_nothing_of_the_peer),
		cmocka_unit_test(a_404_does_not_bring_a_server_up),
		cmocka_unit_test(a_failed_step_says_why),
		cmocka_unit_test(codes_have_haproxys_names_words_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
