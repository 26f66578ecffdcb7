/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/rng.h"
#include "wirescript.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct rng rng;

static size_t whole(size_t len)
{
	return len;
}

static size_t single(size_t len)
{
	(void)len;
	return 1;
}

static size_t any(size_t len)
{
	return 1 + (size_t)(rng_next(&rng) % len);
}

#define OPENED "c:startup s:R0 s:Sname s:Kkeys123 s:ZI "

struct conversation {
	const char *script;
	enum pgwire_phase phase;
	bool idle;
};

static const struct conversation conversations[] = {
	/* The beginning. */
	{ "", PGWIRE_FIRST, false },
	{ "c:startup", PGWIRE_OPEN, false },
	{ "c:startup s:R0", PGWIRE_OPEN, false },
	{ "c:startup s:R3 c:ppassword s:R0 s:ZI", PGWIRE_OPEN, true },
	{ OPENED, PGWIRE_OPEN, true },
	{ "c:startup s:ESFATAL", PGWIRE_OPEN, false },
	{ "c:ssl", PGWIRE_NEGOTIATING, false },
	{ "c:ssl s:=N", PGWIRE_FIRST, false },
	{ "c:ssl s:=N " OPENED, PGWIRE_OPEN, true },
	{ "c:gss s:=N c:ssl s:=N " OPENED, PGWIRE_OPEN, true },
	{ "c:ssl s:=S", PGWIRE_BLIND, false },
	{ "c:gss s:=G", PGWIRE_BLIND, false },
	{ "c:ssl s:=E", PGWIRE_BLIND, false },
	{ "c:ssl c:startup", PGWIRE_BLIND, false },
	{ "c:ssl s:=N s:=N", PGWIRE_BLIND, false },
	{ "c:cancel", PGWIRE_BLIND, false },
	{ "c:ssl s:=N c:cancel", PGWIRE_BLIND, false },
	{ "c:old", PGWIRE_BLIND, false },
	{ "c:tls", PGWIRE_BLIND, false },
	{ "c:=G", PGWIRE_BLIND, false },
	{ "s:ZI", PGWIRE_BLIND, false },
	/* Requests. */
	{ OPENED "c:=Q", PGWIRE_OPEN, false },
	{ OPENED "c:Qselect", PGWIRE_OPEN, false },
	{ OPENED "c:Qselect s:T1 s:D2 s:C3", PGWIRE_OPEN, false },
	{ OPENED "c:Qselect s:T1 s:D2 s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qselect c:Qselect s:C3 s:ZI", PGWIRE_OPEN, false },
	{ OPENED "c:Qselect c:Qselect s:C3 s:ZI s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qbegin s:C3 s:ZT", PGWIRE_OPEN, false },
	{ OPENED "c:Qbegin s:C3 s:ZT c:Qfalse s:E1 s:ZE", PGWIRE_OPEN, false },
	{ OPENED "c:Qbegin s:C3 s:ZT c:Qend s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Fcall", PGWIRE_OPEN, false },
	{ OPENED "c:Fcall s:V1 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:S", PGWIRE_OPEN, false },
	{ OPENED "c:S s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp", PGWIRE_OPEN, false },
	{ OPENED "c:Pp s:1", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:H s:1 c:Bb c:Ee c:S s:2 s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp c:Bb c:Dd c:Ee c:Cc c:S s:1 s:2 s:T1 s:C3 s:3", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Dd c:Ee c:Cc c:S s:1 s:2 s:T1 s:C3 s:3 s:ZI", PGWIRE_OPEN, true },
	/* A pipeline: the next query is under way when the first is answered. */
	{ OPENED "c:Pp c:Bb c:Ee c:S c:Pp s:1 s:2 s:C3 s:ZI", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:S c:Pp c:S s:1 s:2 s:C3 s:ZI s:1 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp c:H s:1 c:Qselect s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:X", PGWIRE_OPEN, false },
	/* What the server says unasked. */
	{ OPENED "s:Nnotice", PGWIRE_OPEN, true },
	{ OPENED "s:Anotify s:Sparameter", PGWIRE_OPEN, true },
	{ OPENED "s:=N", PGWIRE_OPEN, false },
	{ OPENED "s:ESFATAL", PGWIRE_OPEN, false },
	{ OPENED "s:ZI", PGWIRE_BLIND, false },
	{ OPENED "s:Z", PGWIRE_BLIND, false },
	{ OPENED "c:S s:ZII", PGWIRE_BLIND, false },
	/* COPY from the client. */
	{ OPENED "c:Qcopy s:G0", PGWIRE_OPEN, false },
	{ OPENED "c:Qcopy s:G0 c:dline c:dline", PGWIRE_OPEN, false },
	{ OPENED "c:Qcopy s:G0 c:dline c:c s:C3", PGWIRE_OPEN, false },
	{ OPENED "c:Qcopy s:G0 c:dline c:c s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qcopy s:G0 c:dline c:S c:c s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qcopy s:G0 c:dline c:freason s:E1 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qcopy s:G0 c:dline s:E1 s:ZI c:dline c:c", PGWIRE_OPEN, true },
	{ OPENED "c:Qcopy s:G0 c:c s:C1 s:G0 c:dline c:c s:C1 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp c:Bb c:Ee c:H s:1 s:2 s:G0 c:dline", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:H s:1 s:2 s:G0 c:dline c:S", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:H s:1 s:2 s:G0 c:d1 c:c c:S s:C3", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:H s:1 s:2 s:G0 c:d1 c:c c:S s:C3 s:ZI", PGWIRE_OPEN, true },
	/* The Sync that came with the query is swallowed, another one ends it. */
	{ OPENED "c:Pp c:Bb c:Ee c:S s:1 s:2 s:G0", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:S s:1 s:2 s:G0 c:d1 c:c s:C3", PGWIRE_OPEN, false },
	{ OPENED "c:Pp c:Bb c:Ee c:S s:1 s:2 s:G0 c:d1 c:c c:S s:C3 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp c:Bb c:Ee c:S s:1 s:2 s:G0 c:d1 s:E1 c:S s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Pp c:Bb c:Ee c:S s:E1 s:ZI", PGWIRE_OPEN, true },
	{ OPENED "c:Qcopy c:S s:G0", PGWIRE_BLIND, false },
	{ OPENED "s:G0", PGWIRE_BLIND, false },
	/* COPY to the client. */
	{ OPENED "c:Qcopy s:H0 s:dline s:c s:C3", PGWIRE_OPEN, false },
	{ OPENED "c:Qcopy s:H0 s:dline s:c s:C3 s:ZI", PGWIRE_OPEN, true },
};

static void conversations_are_idle_when_nothing_is_under_way(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
		struct pgwire p = wirescript_run(conversations[i].script, whole);

		if (p.phase != conversations[i].phase ||
		    pgwire_is_idle(&p) != conversations[i].idle)
			fail_msg("%s: phase %u, idle %d", conversations[i].script, p.phase,
			         pgwire_is_idle(&p));
	}
}

static bool is_same(const struct pgwire *a, const struct pgwire *b)
{
	return a->phase == b->phase && a->owed == b->owed && a->authenticated == b->authenticated &&
	       a->client.left == b->client.left && a->client.have == b->client.have &&
	       a->client.status == b->client.status && a->server.left == b->server.left &&
	       a->server.have == b->server.have && a->server.status == b->server.status;
}

static void how_the_bytes_arrive_makes_no_difference(void **unused)
{
	(void)unused;
	rng.state = 7;
	for (size_t i = 0; i < ARRAY_LEN(conversations); i++) {
		struct pgwire want = wirescript_run(conversations[i].script, whole);
		struct pgwire got = wirescript_run(conversations[i].script, single);

		assert_true(is_same(&want, &got));
		for (int k = 0; k < 50; k++) {
			got = wirescript_run(conversations[i].script, any);
			assert_true(is_same(&want, &got));
		}
	}
}

static void it_is_not_idle_within_a_message(void **unused)
{
	struct pgwire p = wirescript_run(OPENED, whole);
	uint8_t bytes[WIRESCRIPT_MAX];
	size_t len = wirescript_bytes(bytes, "Nnotice");

	(void)unused;
	for (size_t i = 0; i + 1 < len; i++) {
		pgwire_from_server(&p, bytes + i, 1);
		assert_false(pgwire_is_idle(&p));
	}
	pgwire_from_server(&p, bytes + len - 1, 1);
	assert_true(pgwire_is_idle(&p));
}

static void it_is_over_when_the_client_has_said_all_of_goodbye(void **unused)
{
	static const struct {
		const char *script;
		bool over;
	} cases[] = {
		{ "c:startup", false },
		{ OPENED, false },
		{ OPENED "c:Qone", false },
		{ OPENED "c:X", true },
		{ OPENED "c:Xx", true },
		{ OPENED "c:Qone c:X", true },
		{ OPENED "s:Nnotice c:X s:Nnotice", true },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pgwire p = wirescript_run(cases[i].script, single);

		if (pgwire_is_over(&p) != cases[i].over)
			fail_msg("%s: over %d", cases[i].script, pgwire_is_over(&p));
	}
}

static void lengths_that_cannot_be_are_not_followed(void **unused)
{
	static const struct {
		uint32_t length;
		enum pgwire_phase phase;
	} cases[] = {
		{ 0, PGWIRE_BLIND },
		{ 3, PGWIRE_BLIND },
		{ 4, PGWIRE_OPEN },
		{ 1024 * 1024 * 1024, PGWIRE_OPEN },
		{ 1024 * 1024 * 1024 + 1, PGWIRE_BLIND },
		{ UINT32_MAX, PGWIRE_BLIND },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pgwire client = wirescript_run(OPENED, whole);
		struct pgwire server = client;
		uint8_t head[5] = { 'd' };

		wirescript_word(head + 1, cases[i].length);
		pgwire_from_client(&client, head, sizeof(head));
		pgwire_from_server(&server, head, sizeof(head));
		assert_int_equal(client.phase, cases[i].phase);
		assert_int_equal(server.phase, cases[i].phase);
	}
}

static void it_knows_when_the_client_is_authenticated(void **unused)
{
	struct pgwire p = wirescript_run("c:startup s:R5", single);

	(void)unused;
	assert_false(p.authenticated);
	p = wirescript_run("c:startup s:R3 c:ppassword s:R0", single);
	assert_true(p.authenticated);
}

/* --- packets ------------------------------------------------------------------------------ */

static void a_first_packet_is_known_by_its_length_and_code(void **unused)
{
	static const struct {
		const char *name;
		enum pgwire_packet packet;
		size_t len, needed; /* bytes until it is known */
	} cases[] = {
		{ "startup", PGWIRE_STARTUP, 28, 8 }, { "ssl", PGWIRE_SSL, 8, 8 },
		{ "gss", PGWIRE_GSS, 8, 8 },          { "cancel", PGWIRE_CANCEL, 16, 8 },
		{ "old", PGWIRE_FOREIGN, 296, 8 },    { "tls", PGWIRE_FOREIGN, 0, 1 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t bytes[WIRESCRIPT_MAX];
		size_t len = wirescript_bytes(bytes, cases[i].name);
		size_t told;

		for (size_t n = 0; n <= len; n++)
			assert_int_equal(pgwire_packet(bytes, n, &told),
			                 n < cases[i].needed ? PGWIRE_PARTIAL : cases[i].packet);
		assert_int_equal(told, cases[i].len);
	}
}

static void packets_of_another_length_are_foreign(void **unused)
{
	static const struct {
		uint32_t length, code;
		enum pgwire_packet packet;
	} cases[] = {
		{ 7, 0x30000, PGWIRE_FOREIGN },     { 8, 0x30000, PGWIRE_STARTUP },
		{ 10000, 0x30002, PGWIRE_STARTUP }, { 10001, 0x30000, PGWIRE_FOREIGN },
		{ 9, 80877103, PGWIRE_FOREIGN },    { 9, 80877104, PGWIRE_FOREIGN },
		{ 8, 80877102, PGWIRE_FOREIGN },    { 268, 80877102, PGWIRE_CANCEL },
		{ 8, 0x40000, PGWIRE_FOREIGN },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint8_t bytes[8];
		size_t len;

		wirescript_word(bytes, cases[i].length);
		wirescript_word(bytes + 4, cases[i].code);
		assert_int_equal(pgwire_packet(bytes, sizeof(bytes), &len), cases[i].packet);
	}
}

/* --- answers ------------------------------------------------------------------------------ */

static void the_first_answer_tells_who_is_leaving(void **unused)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum pgwire_answer answer;
	} cases[] = {
#define ANSWER(text, want) { (text), sizeof(text) - 1, PGWIRE_ANSWER_##want }
		ANSWER("", PARTIAL),
		ANSWER("R\0\0\0\x08\0\0\0\0", OTHER),
		ANSWER("N", OTHER),
		ANSWER("E", PARTIAL),
		ANSWER("E\0\0\0\x12SFATAL\0C57P0", PARTIAL),
		ANSWER("E\0\0\0\x12SFATAL\0C57P01\0", LEAVING),
		ANSWER("E\0\0\0\x12SFATAL\0C57P03\0", OTHER),
		ANSWER("E\0\0\0\x0cSFATAL\0\0", OTHER),
		ANSWER("E\0\0\0\x0cSFATAL\0", PARTIAL),
		ANSWER("E\0\0\0\x0bSFATAL\0C57P01\0", OTHER),
		ANSWER("E\0\0\0\x09"
		       "C57P01",
		       OTHER),
		ANSWER("E\0\0\0\x03", OTHER),
		ANSWER("E\0\0\x7f\xff", OTHER),
		ANSWER("E\0\0\0\x04", OTHER),
#undef ANSWER
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum pgwire_answer got = pgwire_answer(cases[i].bytes, cases[i].len);

		if (got != cases[i].answer)
			fail_msg("case %zu: %d", i, got);
	}
}

static void a_fatal_error_is_an_error_response(void **unused)
{
	static const char want[] = "E\0\0\0\x20SFATAL\0VFATAL\0C57P01\0Mgone\0";
	char buf[PGWIRE_FATAL_MAX];

	(void)unused;
	assert_int_equal(pgwire_write_fatal(buf, sizeof(buf), "57P01", "gone"), sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
	assert_int_equal(pgwire_answer(buf, sizeof(want)), PGWIRE_ANSWER_LEAVING);
	for (size_t n = 0; n < sizeof(want) - 6; n++)
		assert_int_equal(pgwire_answer(buf, n),
		                 n < 26 ? PGWIRE_ANSWER_PARTIAL : PGWIRE_ANSWER_LEAVING);
}

static void a_message_that_is_too_long_is_cut(void **unused)
{
	char text[2 * PGWIRE_FATAL_MAX];
	char buf[PGWIRE_FATAL_MAX];

	(void)unused;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(pgwire_write_fatal(buf, sizeof(buf), "57P03", text), sizeof(buf));
	assert_int_equal(buf[3], 0);
	assert_int_equal(buf[4], (char)(sizeof(buf) - 1));
	assert_int_equal(buf[sizeof(buf) - 1], 0);
	assert_int_equal(buf[sizeof(buf) - 2], 0);
	assert_int_equal(buf[sizeof(buf) - 3], 'x');
	assert_int_equal(pgwire_write_fatal(buf, 28, "57P03", "gone"), 0);
	assert_int_equal(pgwire_write_fatal(buf, 29, "57P03", "gone"), 29);
	assert_memory_equal(buf + 26, "M\0", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations_are_idle_when_nothing_is_under_way),
		cmocka_unit_test(how_the_bytes_arrive_makes_no_difference),
		cmocka_unit_test(it_is_not_idle_within_a_message),
		cmocka_unit_test(it_is_over_when_the_client_has_said_all_of_goodbye),
		cmocka_unit_test(lengths_that_cannot_be_are_not_followed),
		cmocka_unit_test(it_knows_when_the_client_is_authenticated),
		cmocka_unit_test(a_first_packet_is_known_by_its_length_and_code),
		cmocka_unit_test(packets_of_another_length_are_foreign),
		cmocka_unit_test(the_first_answer_tells_who_is_leaving),
		cmocka_unit_test(a_fatal_error_is_an_error_response),
		cmocka_unit_test(a_message_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
