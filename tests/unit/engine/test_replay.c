/* SPDX-License-Identifier: MIT */
/* WRAP: slab_get */
/*
 * A server breaks off before it was heard: another one is told the same, to the byte, and the
 * client does not notice; or it can not be, and the client hears of it at once.
 */
#include "base/slab.h"
#include "net/proxyproto.h"

#include "pg_fixture.h"

enum {
	TAIL = 16384, /* of a worker's */
	NOTE = 512,   /* the smallest */
	LARGEST = 4 * TAIL
};

static _Atomic bool is_poor; /* there is no memory for a copy */

void *__real_slab_get(struct slab *s);
void *__wrap_slab_get(struct slab *s);

void *__wrap_slab_get(struct slab *s)
{
	return atomic_load(&is_poor) && s->size >= NOTE ? NULL : __real_slab_get(s);
}

/* Bytes that do not repeat. */
static void fill(char *bytes, size_t len)
{
	uint32_t seed = 4711;

	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
}

static uint64_t of(const struct rig *r, size_t server, enum counter c)
{
	return counter_get(&rig_service(r)->servers[server]->count, c);
}

/* The client says so much, the first server resets. */
struct moved {
	size_t first, second;
	int client, server;
};

static struct moved lose_first(struct rig *r, const char *words, size_t len)
{
	struct moved m = { .client = rig_connect(r) };

	m.server = rig_accept_any(r, &m.first);
	rig_send(m.client, words, len);
	rig_expect(m.server, words, len);
	/* Before that a reset would be a refusal. */
	while (!of(r, m.first, COUNTER_CONNECTED))
		poll(NULL, 0, 1);
	rig_reset(m.server);
	return m;
}

static void find_second(const struct rig *r, struct moved *m)
{
	m->server = rig_accept_any(r, &m->second);
	assert_int_not_equal(m->second, m->first);
}

static void run_size(size_t len)
{
	static char words[LARGEST];
	struct rig r;
	struct moved m;
	const struct record *e;

	fill(words, sizeof(words));
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	m = lose_first(&r, words, len);
	find_second(&r, &m);
	rig_expect(m.server, words, len);
	rig_send(m.server, "hello", 5);
	rig_expect(m.client, "hello", 5);
	rig_send(m.client, "more", 4);
	rig_expect(m.server, "more", 4);
	close(m.client);
	rig_expect_end(m.server);
	close(m.server);
	e = rig_end(&r);
	assert_int_equal(e->reason, REASON_NORMAL);
	assert_int_equal(e->bytes_in, len + 4);
	assert_int_equal(e->bytes_out, 5);
	assert_true(e->redispatched);
	assert_ptr_equal(e->server, rig_service(&r)->servers[m.second]);
	assert_int_equal(of(&r, m.first, COUNTER_REPLAYED), 1);
	assert_int_equal(of(&r, m.first, COUNTER_BYTES_IN), len);
	assert_int_equal(of(&r, m.second, COUNTER_BYTES_IN), 4);
	assert_int_equal(of(&r, m.second, COUNTER_REPLAYED), 0);
	assert_int_equal(r.connect_failures, 1);
	assert_int_equal(rig_service(&r)->servers[m.first]->active, 0);
	rig_stop(&r, 2);
}

static void the_next_server_gets_the_same_bytes(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 1460, TAIL / 2, TAIL - 1, TAIL };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		run_size(sizes[i]);
}

/* The client hears of the reset, and nobody else of it. */
static void expect_reset(struct rig *r, const struct moved *m)
{
	const struct record *e;
	char byte;

	assert_int_equal(recv(m->client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	e = rig_end(r);
	assert_int_equal(e->reason, REASON_SERVER_RESET);
	rig_assert_no_more(r, !m->first);
	assert_int_equal(of(r, m->first, COUNTER_REPLAYED), 0);
	close(m->client);
	rig_stop(r, 2);
}

static void who_says_more_than_is_kept_has_only_one_server(void **state)
{
	static const size_t sizes[] = { TAIL + 1, 2 * TAIL, LARGEST };
	static char words[LARGEST];

	(void)state;
	fill(words, sizeof(words));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct rig r;
		struct moved m;

		rig_init(&r, 2);
		rig_start(&r, 1, 100);
		m = lose_first(&r, words, sizes[i]);
		expect_reset(&r, &m);
	}
}

static void without_memory_for_a_copy_there_is_only_one_server(void **state)
{
	struct rig r;
	struct moved m;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	atomic_store(&is_poor, true);
	m = lose_first(&r, "hello", 5);
	expect_reset(&r, &m);
	atomic_store(&is_poor, false);
}

static void who_does_not_want_it_has_only_one_server(void **state)
{
	(void)state;
	for (int without = 0; without < 2; without++) {
		struct rig r;
		struct moved m;

		rig_init(&r, 2);
		r.service.replay = without;
		r.service.redispatch = !without;
		rig_start(&r, 1, 100);
		m = lose_first(&r, "hello", 5);
		expect_reset(&r, &m);
	}
}

static void a_server_that_was_heard_is_not_replaced(void **state)
{
	struct rig r;
	struct moved m = { 0 };

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	m.client = rig_connect(&r);
	m.server = rig_accept_any(&r, &m.first);
	rig_send(m.server, "a", 1);
	rig_expect(m.client, "a", 1);
	rig_reset(m.server);
	expect_reset(&r, &m);
}

static void an_orderly_end_is_passed_on(void **state)
{
	struct rig r;
	size_t first;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	server = rig_accept_any(&r, &first);
	rig_send(client, "hello", 5);
	rig_expect(server, "hello", 5);
	close(server);
	rig_expect_end(client);
	close(client);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_assert_no_more(&r, !first);
	rig_stop(&r, 2);
}

static void a_client_that_has_finished_speaking_gets_its_answer(void **state)
{
	struct rig r;
	struct moved m = { 0 };

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	m.client = rig_connect(&r);
	m.server = rig_accept_any(&r, &m.first);
	rig_send(m.client, "hello", 5);
	assert_int_equal(shutdown(m.client, SHUT_WR), 0);
	rig_expect(m.server, "hello", 5);
	rig_expect_end(m.server);
	rig_reset(m.server);
	find_second(&r, &m);
	rig_expect(m.server, "hello", 5);
	rig_expect_end(m.server);
	rig_send(m.server, "answer", 6);
	close(m.server);
	rig_expect(m.client, "answer", 6);
	rig_expect_end(m.client);
	close(m.client);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 2);
}

static void a_client_that_left_without_a_word_disturbs_no_other_server(void **state)
{
	struct rig r;
	size_t first;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	server = rig_accept_any(&r, &first);
	close(client);
	rig_expect_end(server);
	rig_reset(server);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
	rig_assert_no_more(&r, !first);
	rig_stop(&r, 2);
}

static void a_client_that_resets_is_gone(void **state)
{
	struct rig r;
	size_t first;
	int client;
	int server;

	(void)state;
	rig_init(&r, 2);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	server = rig_accept_any(&r, &first);
	rig_send(client, "hello", 5);
	rig_expect(server, "hello", 5);
	rig_reset(client);
	assert_int_equal(rig_end(&r)->reason, REASON_CLIENT_RESET);
	rig_assert_no_more(&r, !first);
	close(server);
	rig_stop(&r, 2);
}

/* A version 2 header with a TLV of somebody before us. */
static size_t make_header(char *buf, size_t size)
{
	static const char tlvs[] = { 0x02, 0, 3, 'd', 'b', '1' };
	struct addr from;
	struct addr to;

	assert_true(addr_parse_ip("192.0.2.7", 4711, &from));
	assert_true(addr_parse_ip("198.51.100.9", 26257, &to));
	return proxyproto_write_v2(&from, &to, tlvs, sizeof(tlvs), buf, size);
}

static void each_server_gets_the_header_once_with_all_that_is_in_it(void **state)
{
	struct rig r;
	struct moved m;
	char words[256];
	size_t len = make_header(words, sizeof(words));

	(void)state;
	memcpy(words + len, "hello", 5);
	len += 5;
	rig_init(&r, 2);
	r.bind.accept_proxy = true;
	r.servers[0].send_proxy = r.servers[1].send_proxy = SETTINGS_PROXY_V2;
	rig_start(&r, 1, 100);
	m.client = rig_connect(&r);
	rig_send(m.client, words, len);
	m.server = rig_accept_any(&r, &m.first);
	rig_expect(m.server, words, len);
	rig_reset(m.server);
	find_second(&r, &m);
	rig_expect(m.server, words, len);
	rig_send(m.client, "more", 4);
	rig_expect(m.server, "more", 4);
	close(m.client);
	close(m.server);
	assert_int_equal(rig_end(&r)->bytes_in, 9);
	rig_stop(&r, 2);
}

static void what_does_not_fit_behind_a_header_is_not_said_again(void **state)
{
	static char words[TAIL];
	struct rig r;
	char header[256];
	struct moved m;
	char byte;

	(void)state;
	fill(words, sizeof(words));
	rig_init(&r, 2);
	r.servers[0].send_proxy = r.servers[1].send_proxy = SETTINGS_PROXY_V1;
	rig_start(&r, 1, 100);
	m.client = rig_connect(&r);
	m.server = rig_accept_any(&r, &m.first);
	rig_send(m.client, words, sizeof(words));
	do
		assert_int_equal(recv(m.server, header, 1, 0), 1);
	while (header[0] != '\n');
	rig_expect(m.server, words, sizeof(words));
	rig_reset(m.server);
	find_second(&r, &m);
	assert_true(recv(m.client, &byte, 1, 0) <= 0);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
	close(m.client);
	close(m.server);
	rig_stop(&r, 2);
}

static void when_all_have_failed_the_client_hears_of_it(void **state)
{
	struct rig r;
	struct moved m;
	char byte;

	(void)state;
	rig_init(&r, 2);
	r.service.retries = 1;
	rig_start(&r, 1, 100);
	m = lose_first(&r, "hello", 5);
	find_second(&r, &m);
	rig_expect(m.server, "hello", 5);
	rig_reset(m.server);
	assert_int_equal(recv(m.client, &byte, 1, 0), -1);
	assert_int_equal(rig_end(&r)->reason, REASON_SERVER_RESET);
	assert_int_equal(r.connect_failures, 2);
	assert_int_equal(r.ended[0].retries, 1);
	/* What was told as failed attempts is not told as errors once more. */
	assert_int_equal(r.server_errors, 0);
	close(m.client);
	rig_stop(&r, 2);
}

static void a_server_that_goes_down_before_it_was_heard_is_replaced_too(void **state)
{
	struct crew_wish wish = { .reason = REASON_SERVER_DOWN, .manner = CREW_UNANSWERED };
	struct pg_session s;
	struct rig r;
	size_t first;

	(void)state;
	pg_init(&r, 2);
	rig_start(&r, 1, 100);
	s = pg_connect(&r);
	first = s.at;
	pg_say(&s, PG(PG_STARTUP));
	wish.server = rig_service(&r)->servers[first];
	assert_int_equal(crew_wish(r.crew, &wish), 1);
	close(s.server);
	pg_move(&r, &s);
	rig_expect(s.server, PG(PG_STARTUP));
	pg_answer(&s, PG(PG_WELCOME));
	assert_int_equal(of(&r, first, COUNTER_REPLAYED), 1);
	wish.server = rig_service(&r)->servers[s.at];
	assert_int_equal(crew_wish(r.crew, &wish), 0);
	close(s.client);
	rig_expect_end(s.server);
	close(s.server);
	assert_int_equal(rig_end(&r)->reason, REASON_NORMAL);
	rig_stop(&r, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_server_gets_the_same_bytes),
		cmocka_unit_test(who_says_more_than_is_kept_has_only_one_server),
		cmocka_unit_test(without_memory_for_a_copy_there_is_only_one_server),
		cmocka_unit_test(who_does_not_want_it_has_only_one_server),
		cmocka_unit_test(a_server_that_was_heard_is_not_replaced),
		cmocka_unit_test(an_orderly_end_is_passed_on),
		cmocka_unit_test(a_client_that_has_finished_speaking_gets_its_answer),
		cmocka_unit_test(a_client_that_left_without_a_word_disturbs_no_other_server),
		cmocka_unit_test(a_client_that_resets_is_gone),
		cmocka_unit_test(each_server_gets_the_header_once_with_all_that_is_in_it),
		cmocka_unit_test(what_does_not_fit_behind_a_header_is_not_said_again),
		cmocka_unit_test(when_all_have_failed_the_client_hears_of_it),
		cmocka_unit_test(a_server_that_goes_down_before_it_was_heard_is_replaced_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
