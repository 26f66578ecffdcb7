/* SPDX-License-Identifier: MIT */
#include "engine/checker.h"

#include "../net/pki.h"
#include "checker_fixture.h"
#include "engine/program.h"

#include <fcntl.h>
#include <sys/stat.h>

#define OK_ANSWER "HTTP/1.0 200 OK\r\n\r\n"

enum { MANY = 251 };

static void set_pace(struct fixture *f, size_t target, enum checker_pace pace)
{
	f->in_call = true;
	checker_set_pace(f->checker, target, pace);
	f->in_call = false;
}

static void run_until_begun(struct fixture *f, size_t target, int begun)
{
	f->wanted_target = target;
	f->wanted_begun = begun;
	if (f->heard[target].begun < begun)
		ev_run(f->loop, 0);
	f->wanted_begun = 0;
}

/* The start of a process waits for them, also where checks are rare. */
static void first_checks_of_a_few_targets_come_soon(void **state)
{
	struct fixture *f = *state;
	int64_t before = tick_ms();

	for (size_t i = 0; i < TARGETS_MAX; i++)
		add_target(f, i == 1 ? SETTINGS_CHECK_NONE : SETTINGS_CHECK_TCP, 60000);
	start(f);
	for (size_t i = 0; i < TARGETS_MAX; i++)
		if (i != 1)
			run_until_ended(f, i, 1);
	assert_int_equal(f->heard[1].begun, 0);
	assert_in_range(f->heard[0].begun_ms[0] - before, 0, 4000);
	assert_in_range(f->heard[3].begun_ms[0] - before, 30, 4000);
}

static void first_checks_of_many_targets_are_no_storm(void **state)
{
	struct fixture *f = *state;
	struct settings_target *targets = mem_zalloc(MANY * sizeof(*targets));
	int64_t soonest = INT64_MAX;
	int64_t latest = 0;
	struct error err = { 0 };

	add_target(f, SETTINGS_CHECK_TCP, 2000);
	for (size_t i = 0; i < MANY; i++)
		targets[i] = f->targets[0];
	f->checker = checker_new(f->loop, targets, MANY, note_result, f, &err);
	assert_non_null(f->checker);
	checker_start(f->checker);
	for (size_t i = 0; i < MANY; i += 50) {
		int64_t next = checker_next_ms(f->checker, i);

		assert_true(next > latest);
		soonest = next < soonest ? next : soonest;
		latest = next;
	}
	assert_in_range(soonest, 1, 51);
	assert_in_range(latest, 400, 560);
	checker_free(TAKE_PTR(f->checker));
	free(targets);
}

static void next_check_comes_its_interval_after_the_end_of_the_last(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 100)->timeout_ms = 150;
	start(f);
	run_until_begun(f, 0, 5);
	for (int i = 0; i < 4; i++)
		assert_in_range(h->begun_ms[i + 1] - h->ended_ms[i], 88, 1000);
	assert_int_equal(f->most_open, 1);
}

static void pace_sets_the_interval(void **state)
{
	static const struct {
		enum checker_pace pace;
		unsigned int low, high;
	} cases[] = {
		{ CHECKER_NORMAL, 448, 1070 },
		{ CHECKER_FAST, 43, 440 },
		{ CHECKER_SLOW, 1078, 5000 },
	};
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_check *check = add_target(f, SETTINGS_CHECK_TCP, 500);

		check->fastinter_ms = 50;
		check->downinter_ms = 1200;
		start(f);
		set_pace(f, 0, cases[i].pace);
		run_until_begun(f, 0, 2);
		assert_in_range(h->begun_ms[1] - h->ended_ms[0], cases[i].low, cases[i].high);
		stop(f);
	}
}

static void faster_pace_pulls_the_pending_check_forward(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[0];
	struct settings_check *check = add_target(f, SETTINGS_CHECK_TCP, 60000);

	check->fastinter_ms = 60;
	check->downinter_ms = 90000;
	start(f);
	run_until_ended(f, 0, 1);
	set_pace(f, 0, CHECKER_SLOW); /* not moved back */
	set_pace(f, 0, CHECKER_FAST);
	run_until_ended(f, 0, 2);
	assert_in_range(h->begun_ms[1] - h->ended_ms[0], 53, 2000);
	f->pace_on_result = CHECKER_NORMAL; /* from inside the call */
	run_until_ended(f, 0, 3);
	f->pace_on_result = CHECKER_FAST;
	hurry(f, 0);
	run_until_ended(f, 0, 5);
	assert_in_range(h->begun_ms[4] - h->ended_ms[3], 53, 2000);
}

static void paused_targets_are_not_checked_and_resume_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t resumed;

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 60000);
	start_without_address(f);
	set_pace(f, 0, CHECKER_PAUSED);
	set_address(f, 0, &f->addr, NULL);
	hurry(f, 0);
	run_for(f, 0.05);
	assert_int_equal(f->heard[0].begun, 0);
	set_pace(f, 0, CHECKER_NORMAL);
	run_until_begun(f, 0, 1);
	set_pace(f, 0, CHECKER_PAUSED); /* with a check in flight: it is not heard of again */
	run_until_closed(f, 1);
	assert_int_equal(f->heard[0].ended, 0);
	f->heard[0].begun = 0;
	f->manner = PEER_ANSWERS;
	f->answer = OK_ANSWER;
	set_pace(f, 0, CHECKER_SLOW);
	resumed = tick_ms();
	run_until_ended(f, 0, 1);
	assert_in_range(tick_ms() - resumed, 0, 1000);
	f->pace_on_result = CHECKER_PAUSED; /* from inside the call */
	hurry(f, 0);
	run_until_ended(f, 0, 2);
	run_for(f, 0.15);
	assert_int_equal(f->heard[0].begun, 2);
}

static void the_next_check_is_foreseen(void **state)
{
	struct fixture *f = *state;

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 60000);
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	add_target(f, SETTINGS_CHECK_NONE, 60000);
	start(f);
	assert_in_range(checker_next_ms(f->checker, 1), 1, 101);
	assert_int_equal(checker_next_ms(f->checker, 2), -1);
	run_until_begun(f, 0, 1);
	assert_int_equal(checker_next_ms(f->checker, 0), 0);
	set_pace(f, 0, CHECKER_PAUSED);
	assert_int_equal(checker_next_ms(f->checker, 0), -1);
	run_until_ended(f, 1, 1);
	assert_in_range(checker_next_ms(f->checker, 1), 50000, 67000);
	hurry(f, 1);
	assert_in_range(checker_next_ms(f->checker, 1), 1, 101);
	run_until_ended(f, 1, 2);
	assert_in_range(checker_next_ms(f->checker, 1), 50000, 67000);
}

static void hurried_checks_come_at_once_but_a_storm_is_thinned(void **state)
{
	struct fixture *f = *state;
	const struct heard *h = &f->heard[1];

	add_target(f, SETTINGS_CHECK_NONE, 60000);
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start(f);
	hurry(f, 0); /* has no check */
	hurry(f, 1);
	run_until_ended(f, 1, 1);
	for (int i = 2; i <= 4; i++) {
		hurry(f, 1);
		hurry(f, 1);
		run_until_ended(f, 1, i);
		assert_in_range(h->begun_ms[i - 1] - h->ended_ms[i - 2], 95, 2000);
	}
	run_for(f, 0.15);
	hurry(f, 1);
	run_until_begun(f, 1, 5);
	hurry(f, 1); /* one is running */
	run_until_ended(f, 1, 5);
	run_for(f, 0.15);
	assert_int_equal(h->begun, 5);
	assert_int_equal(f->heard[0].begun, 0);
}

static void checks_wait_for_an_address(void **state)
{
	struct fixture *f = *state;

	f->answer = OK_ANSWER;
	add_target(f, SETTINGS_CHECK_HTTP, 50);
	start_without_address(f);
	run_for(f, 0.15);
	assert_int_equal(f->heard[0].begun, 0);
	set_address(f, 0, NULL, "Domain name not found");
	assert_verdict(run_until_ended(f, 0, 1), PROBE_RESOLVE, 0, "Domain name not found");
	assert_int_equal(f->heard[0].begun, 1);
	run_until_ended(f, 0, 2);
	set_address(f, 0, &f->addr, NULL);
	assert_verdict(run_until_ended(f, 0, 3), PROBE_L7OK, 200, "");
	set_address(f, 0, NULL, NULL);
	assert_verdict(run_until_ended(f, 0, 4), PROBE_RESOLVE, 0, "");
}

static void check_can_be_ended_in_flight(void **state)
{
	struct fixture *f = *state;

	f->manner = PEER_IS_SILENT;
	add_target(f, SETTINGS_CHECK_HTTP, 60000);
	add_target(f, SETTINGS_CHECK_HTTPS, 60000)->verify = false;
	start(f);
	hurry(f, 1);
	run_until_begun(f, 0, 1);
	run_until_begun(f, 1, 1);
	run_for(f, 0.05);
	assert_int_equal(f->accepted, 2);
	stop(f);
	run_until_closed(f, 2);
	add_target(f, SETTINGS_CHECK_HTTP, 60000); /* before its first turn */
	start(f);
	stop(f);
	run_for(f, 0.02);
	assert_int_equal(f->accepted, 2);
	checker_free(NULL);
}

static void checker_can_be_freed_from_its_own_call(void **state)
{
	struct fixture *f = *state;

	for (int announced = 0; announced <= 1; announced++) {
		add_target(f, SETTINGS_CHECK_TCP, 60000);
		start(f);
		f->free_on_call = announced;
		run_until_begun(f, 0, 1);
		f->free_on_call = true;
		if (!announced)
			run_until_ended(f, 0, 1);
		assert_null(f->checker);
		f->free_on_call = false;
		stop(f);
	}
}

static void files_that_cannot_be_used_are_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	add_target(f, SETTINGS_CHECK_HTTPS, 60000)->ca = "/nowhere/ca.pem";
	assert_null(checker_new(f->loop, f->targets, f->count, note_result, f, &err));
	assert_non_null(strstr(err.text, "check of \"n1\": "));
	assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
	assert_null(checker_new(f->loop, f->targets, f->count, note_result, f, NULL));
}

static void a_slot_keeps_the_settings_of_its_target(void **state)
{
	struct fixture *f = *state;
	struct settings *settings = settings_new();
	struct settings_target *target = mem_arena_zalloc(&settings->arena, sizeof(*target));
	struct error err;
	size_t slot = 9;

	f->answer = OK_ANSWER;
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	*target = f->targets[0];
	target->check = settings_check_default(SETTINGS_CHECK_HTTP);
	start(f);
	assert_true(checker_add(f->checker, target, &slot, &err));
	checker_keep(f->checker, slot, settings);
	checker_keep(f->checker, slot, settings);
	assert_int_equal(settings->refs, 2);
	settings_free(settings); /* as a reload gives them back */
	set_address(f, slot, &f->addr, NULL);
	set_pace(f, slot, CHECKER_NORMAL);
	assert_verdict(run_until_ended(f, slot, 1), PROBE_L7OK, 200, "");
	checker_remove(f->checker, slot);
	/* Those that are there at the end go with the checker. */
	settings = settings_new();
	checker_keep(f->checker, 0, settings);
	settings_free(settings);
}

static void targets_come_and_go_while_checks_run(void **state)
{
	struct fixture *f = *state;
	struct settings_target late[2];
	struct error err = { 0 };
	size_t slot = 9;

	f->answer = OK_ANSWER;
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start(f);
	late[0] = late[1] = f->targets[0];
	late[0].check = settings_check_default(SETTINGS_CHECK_HTTP);
	late[0].check.inter_ms = late[1].check.inter_ms = 60000;
	assert_true(checker_add(f->checker, &late[0], &slot, &err));
	assert_int_equal(slot, 1);
	set_address(f, 1, &f->addr, NULL);
	run_until_ended(f, 0, 1);
	run_for(f, 0.05);
	assert_int_equal(f->heard[1].begun, 0); /* it begins paused */
	set_pace(f, 1, CHECKER_NORMAL);
	assert_verdict(run_until_ended(f, 1, 1), PROBE_L7OK, 200, "");
	assert_true(checker_add(f->checker, &late[1], &slot, &err));
	assert_int_equal(slot, 2);
	f->manner = PEER_IS_SILENT;
	hurry(f, 1);
	run_until_begun(f, 1, 2);
	checker_remove(f->checker, 1); /* in flight: it is not heard of again */
	run_for(f, 0.05);
	assert_int_equal(f->heard[1].ended, 1);
	f->heard[1].begun = 1;
	assert_true(checker_add(f->checker, &late[1], &slot, &err)); /* a slot is used again */
	assert_int_equal(slot, 1);
	set_address(f, 1, &f->addr, NULL);
	set_pace(f, 1, CHECKER_FAST);
	assert_verdict(run_until_ended(f, 1, 2), PROBE_L4OK, 0, "");
	late[0].check.type = SETTINGS_CHECK_HTTPS;
	late[0].check.ca = "/nowhere/ca.pem";
	assert_false(checker_add(f->checker, &late[0], &slot, &err));
	assert_non_null(strstr(err.text, "check of \"n1\": CA file /nowhere/ca.pem"));
	late[0].check.ca = NULL;
	late[0].check.rexpect_string = "a(";
	assert_false(checker_add(f->checker, &late[0], &slot, &err));
	assert_non_null(strstr(err.text, "check of \"n1\": regular expression \"a(\""));
}

static void tls_files_outlive_the_target_that_loaded_them(void **state)
{
	struct fixture *f = *state;

	f->answer = "this is no TLS";
	for (int i = 0; i < 2; i++)
		add_target(f, SETTINGS_CHECK_HTTPS, 60000);
	start(f);
	checker_remove(f->checker, 0);
	hurry(f, 1);
	assert_int_equal(run_until_ended(f, 1, 1)->code, PROBE_L6RSP);
}

/* As in a chroot, or without the rights of the start. */
static void what_is_prepared_needs_no_files_any_more(void **state)
{
	const struct pki_request request = { NULL, NULL, -3600, 3600 };
	struct fixture *f = *state;
	struct settings_check check = settings_check_default(SETTINGS_CHECK_HTTPS);
	struct settings_target late;
	struct pki_cert ca;
	struct error err;
	char path[40];
	size_t slot;

	snprintf(path, sizeof(path), "/tmp/checker-ca-%d.pem", getpid());
	assert_true(pki_make(&request, &ca));
	assert_true(pki_write(path, ca.cert, NULL, NULL));
	add_target(f, SETTINGS_CHECK_TCP, 60000);
	start(f);
	check.ca = path;
	late = f->targets[0];
	late.check = check;
	assert_true(checker_prepare(f->checker, &check, &err));
	assert_int_equal(unlink(path), 0);
	check.ca = "/nowhere/ca.pem";
	assert_false(checker_prepare(f->checker, &check, &err));
	assert_string_equal(err.text, "CA file /nowhere/ca.pem: No such file or directory");
	for (int i = 0; i < 2; i++) {
		assert_true(checker_add(f->checker, &late, &slot, &err));
		checker_remove(f->checker, slot);
	}
	check = settings_check_default(SETTINGS_CHECK_HTTP); /* it takes none */
	assert_true(checker_prepare(f->checker, &check, &err));
	assert_false(checker_add(f->checker, &late, &slot, &err));
	assert_true(checker_prepare(f->checker, NULL, &err));
	pki_free(&ca);
}

static void port_and_line_can_change(void **state)
{
	struct fixture *f = *state;
	struct addr closed;
	int refusing = listen_somewhere(&closed, -1);
	struct settings_check *check = add_target(f, SETTINGS_CHECK_HTTP, 60000);
	char host[64];

	check->version = "1.1";
	f->answer = OK_ANSWER;
	f->targets[0].check_port = addr_port(&closed);
	start(f);
	run_until_begun(f, 0, 1);
	checker_set_port(f->checker, 0, 1); /* not of the check in flight */
	checker_set_port(f->checker, 0, addr_port(&f->addr));
	assert_int_equal(run_until_ended(f, 0, 1)->code, PROBE_L4CON);
	hurry(f, 0);
	assert_int_equal(run_until_ended(f, 0, 2)->code, PROBE_L7OK);
	snprintf(host, sizeof(host), "\r\nhost: localhost:%u\r\n", addr_port(&f->addr));
	assert_non_null(strstr(f->request, host));
	stop(f);
	f->answer = "up\n";
	add_target(f, SETTINGS_CHECK_AGENT, 60000)->agent_send = "old\n";
	start(f);
	run_until_begun(f, 0, 1);
	checker_set_agent_send(f->checker, 0, "newer\n");
	checker_set_agent_send(f->checker, 0, "new\n");
	run_until_ended(f, 0, 1);
	assert_string_equal(f->request, "old\n");
	hurry(f, 0);
	assert_string_equal(run_until_ended(f, 0, 2)->agent, "up");
	assert_string_equal(f->request, "new\n");
	close(refusing);
}

static void programs_are_checks_too(void **state)
{
	static const struct program_facts facts = { .proxy_name = "other", .server_name = "s" };
	struct fixture *f = *state;
	char path[] = "/tmp/test_checker.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd != -1);
	dprintf(fd,
	        "#!/bin/sh\n[ $HAPROXY_PROXY_NAME/$HAPROXY_SERVER_NAME = be/n1 ] || exit 7\n"
	        "[ $4 = %u ]\n",
	        addr_port(&f->addr));
	fchmod(fd, 0700);
	close(fd);
	add_target(f, SETTINGS_CHECK_EXTERNAL, 60000)->command = path;
	f->targets[0].name = "be/n1";
	start(f);
	assert_verdict(run_until_ended(f, 0, 1), PROBE_PROCOK, 0, "");
	checker_set_port(f->checker, 0, 1);
	hurry(f, 0);
	assert_verdict(run_until_ended(f, 0, 2), PROBE_PROCERR, 1, "");
	checker_set_facts(f->checker, 0, &facts);
	hurry(f, 0);
	assert_verdict(run_until_ended(f, 0, 3), PROBE_PROCERR, 7, "");
	set_pace(f, 0, CHECKER_PAUSED);
	set_pace(f, 0, CHECKER_NORMAL);
	run_until_begun(f, 0, 4);
	set_pace(f, 0, CHECKER_PAUSED); /* with the program running */
	run_for(f, 0.05);
	assert_int_equal(f->heard[0].ended, 3);
	unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_checks_of_a_few_targets_come_soon),
		TEST(first_checks_of_many_targets_are_no_storm),
		TEST(next_check_comes_its_interval_after_the_end_of_the_last),
		TEST(pace_sets_the_interval),
		TEST(faster_pace_pulls_the_pending_check_forward),
		TEST(paused_targets_are_not_checked_and_resume_at_once),
		TEST(the_next_check_is_foreseen),
		TEST(hurried_checks_come_at_once_but_a_storm_is_thinned),
		TEST(checks_wait_for_an_address),
		TEST(check_can_be_ended_in_flight),
		TEST(checker_can_be_freed_from_its_own_call),
		TEST(files_that_cannot_be_used_are_refused),
		TEST(targets_come_and_go_while_checks_run),
		TEST(a_slot_keeps_the_settings_of_its_target),
		TEST(tls_files_outlive_the_target_that_loaded_them),
		TEST(what_is_prepared_needs_no_files_any_more),
		TEST(port_and_line_can_change),
		TEST(programs_are_checks_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
