/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "sample.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct pool_tried none_tried;

enum { CLIENTS = 24, SETS = 4, SERVERS = 5 };

/* Servers "s0", "s1", ...: weight and, if written, id; ended by weight 0. */
struct hashed {
	uint16_t weight;
	uint32_t id;
};

static const struct hashed sets[SETS][SERVERS + 1] = {
	{ { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 }, { 1, 0 } },
	{ { 3, 0 }, { 1, 0 }, { 2, 0 }, { 10, 0 } },
	{ { 20, 0 }, { 40, 0 }, { 60, 0 } },
	{ { 1, 7 }, { 2, 0 }, { 1, 3 } },
};

struct haproxy {
	enum settings_balance balance;
	struct settings_hash hash;
	const char *servers[SETS]; /* of each client the server that it got */
};

/* What HAProxy 2.6.12 answered to the clients of make_client(). */
static const struct haproxy haproxy_2_6[] = {
	{ SETTINGS_SOURCE,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, false, 0 },
	  { "400111122233443200202022", "330003333332123333202033", "021212120212122120212121",
	    "120112011201122110211021" } },
	{ SETTINGS_SOURCE,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 0 },
	  { "214332441322041120303430", "233203303313333030023031", "212210000112212021122110",
	    "111200100012212020122011" } },
	{ SETTINGS_SOURCE,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 0 },
	  { "220344420424302022323020", "233333300301303032333323", "220102210100112201202222",
	    "220011122101102122020021" } },
	{ SETTINGS_SOURCE,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, false, 0 },
	  { "444444444444442241032444", "000000000000003203332220", "110221011022102221021012",
	    "000000100000010020022111" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, false, 0 },
	  { "303014131242411432301232", "303323303323033310330330", "212121212021210001211112",
	    "102110211021100011100111" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 0 },
	  { "323330332040114020312143", "332033331330031003303333", "222102120110120120122211",
	    "122101011101021110012100" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, false, 0 },
	  { "002004230200013333031320", "333303332233313303333033", "101222211122211022120212",
	    "200021221202010111101121" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 0 },
	  { "402112444440313112114000", "332312330330333312312003", "212111022222122201101111",
	    "102012111110112112111000" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_DJB2, SETTINGS_HASH_SRC, false, 0 },
	  { "434312212040442204020420", "033333321233332330332333", "120202121212022222022221",
	    "120112011201121221021121" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_DJB2, SETTINGS_HASH_SRC, true, 0 },
	  { "230400420322003230333323", "313033301023323031123330", "210121210221221221022012",
	    "111020201110211121122101" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_DJB2, SETTINGS_HASH_SRC, false, 0 },
	  { "111111111111110142430321", "222222222222220133033301", "222222222222220111212012",
	    "111111111111110112211221" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_DJB2, SETTINGS_HASH_SRC, true, 0 },
	  { "222043141241440043221440", "022030331233333303321000", "102121121121211122221221",
	    "222010111201111201221101" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_WT6, SETTINGS_HASH_SRC, false, 0 },
	  { "300241333344341143032021", "320130032033111231333133", "220101102111011201011110",
	    "221101001000111101000100" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_WT6, SETTINGS_HASH_SRC, true, 0 },
	  { "212231334023024030134212", "023333033330313332023300", "021121002221110012122221",
	    "021120102110011011121111" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_WT6, SETTINGS_HASH_SRC, false, 0 },
	  { "132414104112140413240443", "332303133332130013300303", "222122111121022111112112",
	    "102111111111110110201211" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_WT6, SETTINGS_HASH_SRC, true, 0 },
	  { "210243203443320100034230", "310323303003323130330230", "222022202221112101122102",
	    "212211001011120121001211" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_CRC32, SETTINGS_HASH_SRC, false, 0 },
	  { "213310441321413311230112", "333033303331333333003333", "202112221211011221112102",
	    "212111111201001211001002" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_CRC32, SETTINGS_HASH_SRC, true, 0 },
	  { "132110344441021123201223", "333333033322033331013033", "200110122222021121212220",
	    "110000112211111021111110" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_CRC32, SETTINGS_HASH_SRC, false, 0 },
	  { "331130024404312431430343", "331330323303013331330333", "212221110221222001201221",
	    "101110110010112101002111" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_CRC32, SETTINGS_HASH_SRC, true, 0 },
	  { "300014422441312300113030", "203033323333313300113333", "212000201122211122210112",
	    "110210112111112110110010" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC_PORT, false, 0 },
	  { "024130244130240241302441", "111111113333331111111133", "011011011101100110110111",
	    "111111110000001111111100" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_CRC32, SETTINGS_HASH_SRC_PORT, true, 0 },
	  { "300223201341013002232013", "333303203303313333032033", "212210122022012122101220",
	    "111222201101011112222011" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_DST, false, 0 },
	  { "234012340123400123401234", "330323303323303032330332", "212021212021211212021212",
	    "201120112011200112011201" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_CRC32, SETTINGS_HASH_DST, true, 0 },
	  { "303044311113343403402431", "223330303013333333033331", "122222121221121202111100",
	    "111011211111111101012111" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_DST_PORT, false, 0 },
	  { "142031423142031420314231", "301333333333303013333333", "121202122121201212021221",
	    "011201122011200112011220" } },
	{ SETTINGS_HASH,
	  { SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_CRC32, SETTINGS_HASH_DST_PORT, true, 0 },
	  { "230404001430332304040014", "232033331333332320333313", "001021212112110010212121",
	    "211110101120012111101011" } },
};

static struct addr_ip parse(const char *text, uint16_t port)
{
	struct addr a;

	assert_true(addr_parse_ip(text, port, &a));
	return addr_pack(&a);
}

static struct pool_request make_client(unsigned int n)
{
	struct pool_request r = { .tried = &none_tried };
	unsigned int i = n < 14 ? n + 1 : n - 13;
	uint16_t port = (uint16_t)(i * 7919 % 65000 + 1);
	char client[64];
	char local[64];

	if (n < 14) {
		(void)snprintf(client, sizeof(client), "127.%u.%u.%u", i * 37 % 256, i * 91 % 256,
		               (i * 53 + 1) % 256);
		(void)snprintf(local, sizeof(local), "127.0.0.%u", i % 250 + 1);
	} else {
		(void)snprintf(client, sizeof(client), "2001:db8:%x::%x:%x", i * 777,
		               i * 31337 % 65536, i * 99);
		(void)snprintf(local, sizeof(local), "fd00::%x", i);
	}
	r.client = parse(client, port);
	r.local = parse(local, (uint16_t)(26257 + i * 13));
	return r;
}

static struct topology *make_pool(enum settings_balance balance, struct settings_hash hash,
                                  const struct hashed *servers)
{
	struct sample_server from[SERVERS] = { 0 };
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *to;
	size_t n = 0;

	for (; servers[n].weight; n++)
		from[n] = (struct sample_server){ .name = "s", .weight = servers[n].weight };
	*service = settings_service_default();
	service->name = "psql";
	service->balance = balance;
	service->hash = hash;
	sample_fill(s, service, SETTINGS_CHECK_NONE, from, n);
	to = mem_arena_zalloc(&s->arena, n * sizeof(*to));
	memcpy(to, service->servers, n * sizeof(*to));
	for (size_t i = 0; i < n; i++)
		to[i].id = servers[i].id;
	service->servers = to;
	s->services = service;
	s->service_count = 1;
	return topology_new(s);
}

static size_t place(const struct topology *t, const struct topology_server *s)
{
	size_t i = 0;

	while (t->services[0]->servers[i] != s)
		i++;
	return i;
}

static struct topology_server *claim(struct topology *t, const struct pool_request *r)
{
	struct topology_server *s = NULL;

	assert_int_equal(pool_claim(t->services[0], r, &s), POOL_CLAIMED);
	assert_non_null(s);
	return s;
}

static void expect_clients(struct topology *t, const char *want)
{
	char got[CLIENTS + 1] = "";

	for (unsigned int n = 0; n < CLIENTS; n++) {
		struct pool_request r = make_client(n);

		got[n] = (char)('0' + place(t, claim(t, &r)));
	}
	assert_string_equal(got, want);
}

static void each_client_gets_the_server_that_haproxy_gives_it(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(haproxy_2_6); i++) {
		for (size_t k = 0; k < SETS; k++) {
			const struct haproxy *h = &haproxy_2_6[i];
			struct topology *t = make_pool(h->balance, h->hash, sets[k]);

			expect_clients(t, h->servers[k]);
			expect_clients(t, h->servers[k]);
			topology_free(t);
		}
	}
}

static const struct settings_hash kinds[] = {
	{ SETTINGS_HASH_MAP, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, false, 0 },
	{ SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 0 },
	{ SETTINGS_HASH_CONSISTENT, SETTINGS_HASH_SDBM, SETTINGS_HASH_SRC, true, 150 },
};

static struct pool_request random_client(struct rng *rng)
{
	uint64_t n = rng_next(rng);
	struct pool_request r = { .tried = &none_tried, .client.family = AF_INET };

	memcpy(r.client.bytes, &n, 4);
	return r;
}

/* With equal load a server's part is near its weight's; a ring's parts vary as its points lie. */
static void clients_are_spread_by_weight(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[2]);
		struct rng rng = { 42 };

		for (unsigned int n = 0; n < 60000; n++) {
			struct pool_request r = random_client(&rng);

			pool_release(claim(t, &r));
		}
		for (size_t k = 0; k < 3; k++) {
			uint64_t picked =
			    counter_get(&t->services[0]->servers[k]->count, COUNTER_PICKED);
			uint64_t share = 10000 * (k + 1);
			uint64_t off = i ? share / 4 : share / 20;

			assert_in_range(picked, share - off, share + off);
		}
		topology_free(t);
	}
}

static void set_state(struct topology *t, size_t i, enum state_health health)
{
	topology_set_state(t->services[0]->servers[i], (struct state){ .health = health });
}

/* Consistent: only the clients of a server that leaves move, and all come back with it. */
static void on_a_ring_only_clients_of_the_lost_server_move(void **unused)
{
	struct topology *t = make_pool(SETTINGS_SOURCE, kinds[1], sets[0]);
	size_t before[500];

	(void)unused;
	for (int phase = 0; phase < 3; phase++) {
		struct rng rng = { 7 };

		set_state(t, 2, phase == 1 ? STATE_DOWN : STATE_UP);
		for (size_t n = 0; n < ARRAY_LEN(before); n++) {
			struct pool_request r = random_client(&rng);
			struct topology_server *s = claim(t, &r);
			size_t now = place(t, s);

			pool_release(s);
			if (phase == 0)
				before[n] = now;
			else if (phase == 2 || before[n] != 2)
				assert_int_equal(now, before[n]);
			else
				assert_int_not_equal(now, 2);
		}
	}
	topology_free(t);
}

static void a_changed_weight_counts_at_once(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct rng rng = { 3 };
		unsigned int picked = 0;

		t->services[0]->servers[4]->weight = 256;
		for (int n = 0; n < 2000; n++) {
			struct pool_request r = random_client(&rng);

			picked += place(t, claim(t, &r)) == 4;
		}
		assert_in_range(picked, 1940, 1990);
		topology_free(t);
	}
}

static void slowstart_takes_points_from_a_ring_but_not_from_a_map(void **unused)
{
	for (size_t i = 0; i < 2; i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct rng rng = { 3 };
		unsigned int picked = 0;

		(void)unused;
		t->services[0]->servers[4]->ramp = 10;
		for (int n = 0; n < 5000; n++) {
			struct pool_request r = random_client(&rng);

			picked += place(t, claim(t, &r)) == 4;
		}
		if (i == 0)
			assert_in_range(picked, 900, 1100);
		else
			assert_in_range(picked, 50, 250);
		topology_free(t);
	}
}

static void fill(struct topology *t, uint32_t maxconn)
{
	for (size_t i = 0; i < t->services[0]->server_count; i++)
		t->services[0]->servers[i]->maxconn = maxconn;
}

static void a_full_server_is_waited_for(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct pool_request r = make_client(3);
		struct topology_server *first;
		struct topology_server *s;

		fill(t, 1);
		first = claim(t, &r);
		for (int n = 0; n < 3; n++) {
			assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_FULL);
			assert_ptr_equal(s, first);
			assert_int_equal(first->active, 1);
		}
		pool_release(first);
		assert_ptr_equal(claim(t, &r), first);
		assert_int_equal(counter_get(&first->count, COUNTER_PICKED), 2);
		topology_free(t);
	}
}

/* maxqueue: where enough wait the session goes on to the next, at last it waits for any. */
static void a_full_queue_sends_on_to_other_servers(void **unused)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct topology_service *service = t->services[0];
		struct settings_server limits[SERVERS];
		struct pool_request r = make_client(3);
		bool seen[SERVERS] = { false };
		struct topology_server *s;

		(void)unused;
		fill(t, 1);
		for (size_t k = 0; k < SERVERS; k++) {
			limits[k] = *service->servers[k]->settings;
			limits[k].maxqueue = 3;
			service->servers[k]->settings = &limits[k];
			service->servers[k]->queued = 3;
		}
		for (size_t k = 0; k < SERVERS; k++) {
			s = claim(t, &r);
			assert_false(seen[place(t, s)]);
			seen[place(t, s)] = true;
		}
		assert_int_equal(pool_claim(service, &r, &s), POOL_FULL);
		assert_null(s);
		service->servers[1]->queued = 2;
		assert_int_equal(pool_claim(service, &r, &s), POOL_FULL);
		assert_ptr_equal(s, service->servers[1]);
		topology_free(t);
	}
}

static void a_server_that_failed_is_passed_by(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct pool_request r = make_client(5);
		struct pool_tried tried = { 0 };
		bool seen[SERVERS] = { false };
		struct topology_server *s;

		r.tried = &tried;
		for (size_t k = 0; k < SERVERS; k++) {
			s = claim(t, &r);
			assert_false(seen[place(t, s)]);
			seen[place(t, s)] = true;
			pool_release(s);
			pool_tried_add(&tried, s);
		}
		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_TRIED);
		assert_null(s);
		for (size_t k = 0; k < SERVERS; k++)
			set_state(t, k, STATE_DOWN);
		assert_int_equal(pool_claim(t->services[0], &r, &s), POOL_NONE);
		assert_null(s);
		topology_free(t);
	}
}

/* One client over and over: nobody gets more than 1.5 times the average, rounded up. */
static void bounded_loads_hold(void **unused)
{
	struct topology *t = make_pool(SETTINGS_SOURCE, kinds[2], sets[0]);
	struct pool_request r = make_client(1);

	(void)unused;
	for (uint32_t n = 1; n <= 1000; n++) {
		struct topology_server *s = claim(t, &r);

		assert_true(s->active <= (n * 150 + 99) / 100 / SERVERS + 1);
	}
	topology_free(t);
}

static void without_an_address_turns_decide(void **unused)
{
	static const uint16_t families[] = { AF_UNIX, 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		struct topology *t = make_pool(SETTINGS_SOURCE, kinds[i], sets[0]);
		struct pool_request r = { .tried = &none_tried, .client.family = families[i] };

		for (size_t n = 0; n < 50; n++)
			assert_int_equal(place(t, claim(t, &r)), n % SERVERS);
		topology_free(t);
	}
}

static void backups_are_hashed_only_if_all_of_them_serve(void **unused)
{
	static const struct sample_server servers[] = {
		{ "a", NULL, 1, false, false, 0 }, { "b1", NULL, 1, true, false, 0 },
		{ "b2", NULL, 1, true, false, 0 }, { "b3", NULL, 1, true, false, 0 },
		{ "off", NULL, 1, true, true, 0 },
	};

	(void)unused;
	for (int all = 0; all < 2; all++) {
		struct topology *t = sample_pool(SETTINGS_SOURCE, all, servers, 5);
		unsigned int picked[5] = { 0 };
		struct rng rng = { 5 };

		for (int n = 0; n < 100; n++) {
			struct pool_request r = random_client(&rng);

			assert_int_equal(place(t, claim(t, &r)), 0);
		}
		set_state(t, 0, STATE_DOWN);
		for (int n = 0; n < 300; n++) {
			struct pool_request r = random_client(&rng);

			picked[place(t, claim(t, &r))]++;
		}
		assert_int_equal(picked[0] + picked[4], 0);
		for (size_t i = 1; i < 4; i++)
			assert_in_range(picked[i],
			                all      ? 75
			                : i == 1 ? 300
			                         : 0,
			                all      ? 125
			                : i == 1 ? 300
			                         : 0);
		topology_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_client_gets_the_server_that_haproxy_gives_it),
		cmocka_unit_test(clients_are_spread_by_weight),
		cmocka_unit_test(on_a_ring_only_clients_of_the_lost_server_move),
		cmocka_unit_test(a_changed_weight_counts_at_once),
		cmocka_unit_test(slowstart_takes_points_from_a_ring_but_not_from_a_map),
		cmocka_unit_test(a_full_server_is_waited_for),
		cmocka_unit_test(a_full_queue_sends_on_to_other_servers),
		cmocka_unit_test(a_server_that_failed_is_passed_by),
		cmocka_unit_test(bounded_loads_hold),
		cmocka_unit_test(without_an_address_turns_decide),
		cmocka_unit_test(backups_are_hashed_only_if_all_of_them_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
