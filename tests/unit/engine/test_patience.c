/* SPDX-License-Identifier: MIT */
#include "../../../src/engine/patience.h"

#include "crew_fixture.h"

enum { NOW = 100000 };

/* A session of nobody, with all limits in its hands. */
struct stage {
	struct settings_service set;
	struct settings_frontend front;
	struct topology_service service;
	struct topology_frontend frontend;
	struct listener listener;
	struct session_host host;
	struct relay_tail tail;
	struct note note;
	struct errand errand;
	struct session s;
};

static struct stage *begin(void)
{
	static struct stage st;

	memset(&st, 0, sizeof(st));
	st.service.settings = &st.set;
	st.frontend.settings = &st.front;
	st.host.now_ms = NOW;
	st.s.host = &st.host;
	st.frontend.service = &st.service;
	st.listener.frontend = &st.frontend;
	st.s.through = &st.listener;
	st.s.errand = &st.errand;
	st.s.accepted_ms = st.s.last_active_ms = NOW;
	return &st;
}

static void who_comes_waits_as_long_as_its_own_limit(void **state)
{
	struct stage *st = begin();

	(void)state;
	assert_int_equal(patience_client(&st->s), INT64_MAX);
	st->front.client_ms = 500;
	assert_int_equal(patience_client(&st->s), 500);
	st->host.now_ms += 600;
	assert_int_equal(patience_client(&st->s), -100);
	/* A lost server begins it anew. */
	st->s.last_active_ms = NOW + 550;
	assert_int_equal(patience_client(&st->s), 450);
}

static void silence_is_limited_by_the_shorter_limit_of_the_two_ends(void **state)
{
	static const struct {
		uint32_t client, server, client_fin, server_fin;
		bool to_client_shut, to_server_shut, to_server_full;
		int64_t left;
		enum reason reason;
	} cases[] = {
		{ .left = INT64_MAX, .reason = REASON_SERVER_IDLE },
		{ .client = 70, .left = 70, .reason = REASON_CLIENT_IDLE },
		{ .server = 70, .left = 70, .reason = REASON_SERVER_IDLE },
		{ .client = 70, .server = 80, .left = 70, .reason = REASON_CLIENT_IDLE },
		{ .client = 90, .server = 80, .left = 80, .reason = REASON_SERVER_IDLE },
		{ .client = 80, .server = 80, .left = 80, .reason = REASON_CLIENT_IDLE },
		{ .client = 80,
		  .server = 80,
		  .to_server_full = true,
		  .left = 80,
		  .reason = REASON_SERVER_IDLE },
		{ .client = 80,
		  .server = 80,
		  .client_fin = 5,
		  .left = 80,
		  .reason = REASON_CLIENT_IDLE },
		{ .client = 80,
		  .server = 80,
		  .client_fin = 5,
		  .to_client_shut = true,
		  .left = 5,
		  .reason = REASON_CLIENT_IDLE },
		{ .client = 80,
		  .server = 80,
		  .server_fin = 5,
		  .to_server_shut = true,
		  .left = 5,
		  .reason = REASON_SERVER_IDLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage *st = begin();
		enum reason reason;

		st->front.client_ms = cases[i].client;
		st->front.client_fin_ms = cases[i].client_fin;
		st->set.timeout.server_ms = cases[i].server;
		st->set.timeout.server_fin_ms = cases[i].server_fin;
		st->s.ends.flow[DUPLEX_SERVER].shut = cases[i].to_client_shut;
		st->s.ends.flow[DUPLEX_CLIENT].shut = cases[i].to_server_shut;
		if (cases[i].to_server_full)
			st->s.ends.flow[DUPLEX_CLIENT].tail = &st->tail;
		assert_int_equal(patience_idle(&st->s, &reason), cases[i].left);
		assert_int_equal(reason, cases[i].reason);
	}
}

static void sessions_that_began_together_do_not_grow_old_together(void **state)
{
	struct stage *st = begin();

	(void)state;
	st->s.wire.phase = PGWIRE_OPEN;
	assert_int_equal(patience_age(&st->s), INT64_MAX);
	st->set.max_session_age_ms = 1000;
	assert_int_equal(patience_age(&st->s), 1000);
	st->s.youth = 128;
	assert_int_equal(patience_age(&st->s), 950);
	st->s.youth = UINT8_MAX;
	assert_in_range(patience_age(&st->s), 900, 901);
	st->host.now_ms += 1500;
	assert_true(patience_age(&st->s) < 0);
	/* Who has been asked is not asked again, and who is not followed never. */
	st->s.leaving = true;
	assert_int_equal(patience_age(&st->s), INT64_MAX);
	st->s.leaving = false;
	st->s.wire.phase = PGWIRE_BLIND;
	assert_int_equal(patience_age(&st->s), INT64_MAX);
	/* The longest that can be set does not overflow. */
	st->s.wire.phase = PGWIRE_OPEN;
	st->set.max_session_age_ms = UINT32_MAX;
	assert_in_range(patience_age(&st->s), UINT32_MAX / 10 * 9 - 2000, UINT32_MAX);
}

static void only_words_that_are_always_answered_are_waited_for(void **state)
{
	struct stage *st = begin();

	(void)state;
	assert_int_equal(patience_answer(&st->s), INT64_MAX);
	st->errand.said = &st->note;
	assert_int_equal(patience_answer(&st->s), 250);
	st->host.now_ms += 251;
	assert_int_equal(patience_answer(&st->s), -1);
	st->s.unanswered = true;
	assert_int_equal(patience_answer(&st->s), INT64_MAX);
	st->s.unanswered = false;
	st->s.wire.phase = PGWIRE_BLIND;
	assert_int_equal(patience_answer(&st->s), INT64_MAX);
	st->s.wire.phase = PGWIRE_OPEN;
	assert_int_equal(patience_answer(&st->s), -1);
	st->s.errand = NULL;
	assert_int_equal(patience_answer(&st->s), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_waits_as_long_as_its_own_limit),
		cmocka_unit_test(silence_is_limited_by_the_shorter_limit_of_the_two_ends),
		cmocka_unit_test(sessions_that_began_together_do_not_grow_old_together),
		cmocka_unit_test(only_words_that_are_always_answered_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
