/* SPDX-License-Identifier: MIT */
/* WRAP: queue_look */
/*
 * Many clients at once: what returns is not buried, and nobody is forgotten, also without the looks
 * that sessions take from time to time.
 */
#include "crew_fixture.h"

#include "engine/queue.h"

void __wrap_queue_look(struct topology_service *service, int64_t now_ms);
void __wrap_queue_look(struct topology_service *service, int64_t now_ms)
{
	(void)service;
	(void)now_ms;
}

static struct topology_server *server_of(const struct rig *r, size_t i)
{
	return rig_service(r)->servers[i];
}

static void set_weight(const struct rig *r, size_t i, uint32_t weight)
{
	atomic_store(&server_of(r, i)->weight, weight);
	queue_kick(rig_service(r));
}

enum { FILLERS = 4 };

/* A server that drops what comes: its queue is full, and nobody accepts. */
struct deaf {
	int fillers[FILLERS];
};

static void make_deaf(struct rig *r, size_t server, struct deaf *d)
{
	struct addr at;

	assert_true(sock_local(r->listening[server], &at));
	assert_int_equal(listen(r->listening[server], 0), 0);
	for (size_t i = 0; i < FILLERS; i++) {
		d->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_int_equal(connect(d->fillers[i], &at.sa, at.len), -1);
	}
}

static void end_deaf(const struct deaf *d)
{
	for (size_t i = 0; i < FILLERS; i++)
		close(d->fillers[i]);
}

/* --- a thousand --------------------------------------------------------------------------- */

enum { THOUSAND = 1000 };

/* One at a time; how many are on their way meanwhile is looked at each time. */
static void serve_rest(const struct rig *r, size_t server, size_t count, int *fds)
{
	for (size_t i = 0; i < count; i++) {
		assert_in_range(server_of(r, server)->connecting, 0, POOL_RELEASE_MAX);
		fds[i] = rig_accept(r, server);
	}
}

static void of_a_thousand_few_are_on_their_way_to_one_that_returns(void **state)
{
	static int clients[THOUSAND];
	static int servers[THOUSAND];
	struct deaf deaf;
	struct rig r;

	(void)state;
	rig_init(&r, 2);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.service.timeout.connect_ms = 60000;
	r.service.hold_max = THOUSAND;
	r.servers[0].weight = r.servers[1].weight = 0;
	make_deaf(&r, 0, &deaf);
	rig_start(&r, 4, THOUSAND + 100);
	for (size_t i = 0; i < THOUSAND; i++)
		clients[i] = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->held, THOUSAND);
	assert_int_equal(rig_of_service(&r, COUNTER_HELD), THOUSAND);
	set_weight(&r, 0, 1);
	rig_wait_count(&server_of(&r, 0)->active, POOL_RELEASE_MAX);
	assert_int_equal(server_of(&r, 0)->connecting, POOL_RELEASE_MAX);
	assert_int_equal(rig_service(&r)->held, THOUSAND - POOL_RELEASE_MAX);
	set_weight(&r, 1, 1);
	serve_rest(&r, 1, THOUSAND - POOL_RELEASE_MAX, servers);
	rig_wait_count(&rig_service(&r)->held, 0);
	rig_wait_count(&server_of(&r, 1)->connecting, 0);
	assert_int_equal(server_of(&r, 0)->active_max, POOL_RELEASE_MAX);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), THOUSAND);
	assert_int_equal(server_of(&r, 0)->connecting, 0);
	for (size_t i = 0; i < THOUSAND; i++)
		close(clients[i]);
	for (size_t i = 0; i < THOUSAND - POOL_RELEASE_MAX; i++)
		close(servers[i]);
	end_deaf(&deaf);
	rig_stop(&r, 2);
}

static void with_the_last_that_is_held_the_limit_goes(void **state)
{
	enum { FIRST = POOL_RELEASE_MAX + 1, ALL };
	struct deaf deaf;
	struct rig r;
	int clients[ALL];

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.service.timeout.connect_ms = r.service.timeout.queue_ms = 60000;
	r.servers[0].weight = 0;
	make_deaf(&r, 0, &deaf);
	rig_start(&r, 2, 100);
	for (uint32_t i = 0; i < FIRST; i++) {
		clients[i] = rig_connect(&r);
		rig_wait_count(&rig_service(&r)->held, i + 1);
	}
	set_weight(&r, 0, 1);
	rig_wait_count(&server_of(&r, 0)->active, POOL_RELEASE_MAX);
	clients[FIRST] = rig_connect(&r);
	rig_wait_count(&rig_service(&r)->queued, 2);
	assert_int_equal(rig_service(&r)->held, 1);
	/* The last in the order of the line. */
	rig_reset(clients[POOL_RELEASE_MAX]);
	rig_wait_count(&server_of(&r, 0)->active, POOL_RELEASE_MAX + 1);
	assert_int_equal(rig_service(&r)->held, 0);
	assert_int_equal(rig_service(&r)->queued, 0);
	assert_int_equal(crew_end_sessions(r.crew, NULL, REASON_KILLED), FIRST);
	for (size_t i = 0; i < ALL; i++)
		if (i != POOL_RELEASE_MAX)
			close(clients[i]);
	end_deaf(&deaf);
	rig_stop(&r, 1);
}

/* --- max_connecting ----------------------------------------------------------------------- */

enum { MANY = 6, MOST = 2 };

static void connect_to_a_silent_server(enum settings_balance balance)
{
	const _Atomic uint32_t *queued;
	struct deaf deaf;
	struct rig r;
	int clients[MANY];

	rig_init(&r, 1);
	r.service.replay = false;
	r.service.balance = balance;
	r.service.timeout.connect_ms = r.service.timeout.queue_ms = 60000;
	r.servers[0].max_connecting = MOST;
	make_deaf(&r, 0, &deaf);
	rig_start(&r, 3, 100);
	queued = balance == SETTINGS_SOURCE ? &server_of(&r, 0)->queued : &rig_service(&r)->queued;
	for (size_t i = 0; i < MANY; i++)
		clients[i] = rig_connect(&r);
	rig_wait_count(queued, MANY - MOST);
	assert_int_equal(server_of(&r, 0)->connecting, MOST);
	assert_int_equal(server_of(&r, 0)->active, MOST);
	/* Who gives up makes room for the next. */
	for (size_t i = 0; i < MANY; i++)
		rig_reset(clients[i]);
	rig_wait_ended(&r, MANY);
	assert_int_equal(server_of(&r, 0)->connecting, 0);
	assert_int_equal(server_of(&r, 0)->active, 0);
	assert_int_equal(server_of(&r, 0)->active_max, MOST);
	end_deaf(&deaf);
	rig_stop(&r, 1);
}

static void a_silent_server_gets_only_so_many_connects_at_once(void **state)
{
	(void)state;
	connect_to_a_silent_server(SETTINGS_LEASTCONN);
}

static void so_it_does_with_a_hash(void **state)
{
	(void)state;
	connect_to_a_silent_server(SETTINGS_SOURCE);
}

static void those_who_have_arrived_do_not_count(void **state)
{
	struct rig r;
	int clients[MANY];
	int servers[MANY];

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	r.servers[0].max_connecting = 1;
	rig_start(&r, 2, 100);
	for (size_t i = 0; i < MANY; i++) {
		clients[i] = rig_connect(&r);
		servers[i] = rig_accept(&r, 0);
	}
	rig_wait_count(&server_of(&r, 0)->connecting, 0);
	assert_int_equal(server_of(&r, 0)->active, MANY);
	for (size_t i = 0; i < MANY; i++) {
		close(clients[i]);
		close(servers[i]);
	}
	rig_wait_ended(&r, MANY);
	rig_stop(&r, 1);
}

static void without_a_limit_nobody_is_counted(void **state)
{
	struct deaf deaf;
	struct rig r;
	int client;

	(void)state;
	rig_init(&r, 1);
	r.service.replay = false;
	make_deaf(&r, 0, &deaf);
	rig_start(&r, 1, 100);
	client = rig_connect(&r);
	rig_wait_count(&server_of(&r, 0)->active, 1);
	assert_int_equal(server_of(&r, 0)->connecting, 0);
	close(client);
	end_deaf(&deaf);
	rig_wait_ended(&r, 1);
	rig_stop(&r, 1);
}

/* --- nobody is forgotten ------------------------------------------------------------------ */

enum { STRESS_CLIENTS = 12, STRESS_ROUNDS = 150 };

struct stress {
	struct rig *rig;
	_Atomic uint32_t served, failed, over;
};

static void *visit(void *arg)
{
	struct stress *t = arg;

	for (int i = 0; i < STRESS_ROUNDS; i++) {
		int fd = rig_connect(t->rig);
		char got = 0;

		if (write(fd, "q", 1) == 1 && read(fd, &got, 1) == 1 && got == 'q')
			atomic_fetch_add(&t->served, 1);
		else
			atomic_fetch_add(&t->failed, 1);
		close(fd);
	}
	return NULL;
}

/* Answers each client of all servers; one that left before is none of our business. */
static void *answer(void *arg)
{
	struct stress *t = arg;
	struct pollfd p[RIG_SERVERS];

	for (size_t i = 0; i < RIG_SERVERS; i++)
		p[i] = (struct pollfd){ .fd = t->rig->listening[i], .events = POLLIN };
	while (!atomic_load(&t->over)) {
		if (poll(p, RIG_SERVERS, 20) <= 0)
			continue;
		for (size_t i = 0; i < RIG_SERVERS; i++) {
			int fd = p[i].revents ? accept4(p[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;
			char got;

			if (fd == -1)
				continue;
			rig_block(fd);
			if (read(fd, &got, 1) == 1)
				(void)!write(fd, &got, 1);
			close(fd);
		}
	}
	return NULL;
}

/* Servers go and come, all of them at times, while the clients visit. */
static void shake(struct stress *t)
{
	for (unsigned int n = 0;
	     atomic_load(&t->served) + atomic_load(&t->failed) < STRESS_CLIENTS * STRESS_ROUNDS;
	     n++) {
		for (size_t i = 0; i < RIG_SERVERS; i++)
			set_weight(t->rig, i, n % 4 && (n >> i) % 2);
		poll(NULL, 0, 2);
		set_weight(t->rig, n % RIG_SERVERS, 1);
		poll(NULL, 0, 3);
	}
}

static void nobody_is_forgotten_in_a_crowd(void **state)
{
	struct stress t = { 0 };
	pthread_t clients[STRESS_CLIENTS];
	pthread_t servers;
	struct rig r;

	(void)state;
	rig_init(&r, RIG_SERVERS);
	r.service.replay = false;
	r.service.hold_ms = 60000;
	r.service.balance = SETTINGS_LEASTCONN;
	for (size_t i = 0; i < RIG_SERVERS; i++) {
		r.servers[i].maxconn = 1 + (uint32_t)i;
		r.servers[i].max_connecting = 1;
	}
	rig_start(&r, 5, 100);
	t.rig = &r;
	pthread_create(&servers, NULL, answer, &t);
	for (size_t i = 0; i < STRESS_CLIENTS; i++)
		pthread_create(&clients[i], NULL, visit, &t);
	shake(&t);
	for (size_t i = 0; i < STRESS_CLIENTS; i++)
		pthread_join(clients[i], NULL);
	atomic_store(&t.over, 1);
	pthread_join(servers, NULL);
	assert_int_equal(t.failed, 0);
	rig_wait_count(&rig_service(&r)->active, 0);
	assert_int_equal(rig_service(&r)->held, 0);
	assert_int_equal(rig_service(&r)->queued, 0);
	for (size_t i = 0; i < RIG_SERVERS; i++) {
		assert_int_equal(server_of(&r, i)->active, 0);
		assert_int_equal(server_of(&r, i)->connecting, 0);
		assert_in_range(server_of(&r, i)->active_max, 1, 1 + i);
	}
	rig_stop(&r, RIG_SERVERS);
}

/* One place for all, so that each missed call would be seen; nothing else moves the line. */
static void nobody_is_forgotten_with_one_place(void **state)
{
	struct stress t = { 0 };
	pthread_t clients[STRESS_CLIENTS];
	pthread_t servers;
	struct rig r;

	(void)state;
	rig_init(&r, RIG_SERVERS);
	r.service.replay = false;
	r.servers[0].maxconn = 1;
	r.servers[1].weight = r.servers[2].weight = 0;
	r.service.timeout.queue_ms = 60000;
	rig_start(&r, 5, 100);
	t.rig = &r;
	pthread_create(&servers, NULL, answer, &t);
	for (size_t i = 0; i < STRESS_CLIENTS; i++)
		pthread_create(&clients[i], NULL, visit, &t);
	for (size_t i = 0; i < STRESS_CLIENTS; i++)
		pthread_join(clients[i], NULL);
	atomic_store(&t.over, 1);
	pthread_join(servers, NULL);
	assert_int_equal(t.served, STRESS_CLIENTS * STRESS_ROUNDS);
	assert_int_equal(server_of(&r, 0)->active_max, 1);
	rig_wait_count(&rig_service(&r)->active, 0);
	rig_stop(&r, RIG_SERVERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_thousand_few_are_on_their_way_to_one_that_returns),
		cmocka_unit_test(with_the_last_that_is_held_the_limit_goes),
		cmocka_unit_test(a_silent_server_gets_only_so_many_connects_at_once),
		cmocka_unit_test(so_it_does_with_a_hash),
		cmocka_unit_test(those_who_have_arrived_do_not_count),
		cmocka_unit_test(without_a_limit_nobody_is_counted),
		cmocka_unit_test(nobody_is_forgotten_in_a_crowd),
		cmocka_unit_test(nobody_is_forgotten_with_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
