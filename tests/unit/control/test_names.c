/* SPDX-License-Identifier: MIT */
/* WRAP: checker_set_pace checker_hurry checker_set_address checker_set_port */
/* WRAP: checker_set_agent_send checker_add checker_remove */
/* WRAP: resolver_watch resolver_unwatch */
#include "control/names.h"
#include "rosterscene.h"

/* A resolver that knows what the test tells it. */
enum { MOST = 16 };

struct resolver_name {
	const char *host;
	resolver_on_change *on_change;
	void *ctx;
};

static struct resolver_name watched[MOST];

struct resolver_name *__wrap_resolver_watch(struct resolver *r, const char *host,
                                            resolver_on_change *on_change, void *ctx);
void __wrap_resolver_unwatch(struct resolver_name *n);

struct resolver_name *__wrap_resolver_watch(struct resolver *r, const char *host,
                                            resolver_on_change *on_change, void *ctx)
{
	(void)r;
	for (size_t i = 0; i < MOST; i++)
		if (!watched[i].host) {
			watched[i] = (struct resolver_name){ .host = host,
				                             .on_change = on_change,
				                             .ctx = ctx };
			return &watched[i];
		}
	fail_msg("more than %d names are watched", MOST);
	return NULL;
}

void __wrap_resolver_unwatch(struct resolver_name *n)
{
	n->host = NULL;
}

static size_t count_watched(void)
{
	size_t n = 0;

	for (size_t i = 0; i < MOST; i++)
		n += watched[i].host != NULL;
	return n;
}

/* The one look-up of that host finds that address; NULL: none. */
static void resolve(const char *host, const char *ip)
{
	size_t found = 0;
	struct addr addr;

	for (size_t i = 0; i < MOST; i++) {
		if (!watched[i].host || strcmp(watched[i].host, host) != 0)
			continue;
		found++;
		if (ip)
			assert_true(addr_parse_ip(ip, 0, &addr));
		watched[i].on_change(watched[i].ctx, ip ? &addr : NULL, ip ? NULL : "no data");
	}
	assert_int_equal(found, 1);
}

static const struct rosterscene_server specs[] = {
	{ .name = "s1", .check = SETTINGS_CHECK_TCP, .host = "db1" },
	{ .name = "s2", .check = SETTINGS_CHECK_TCP, .host = "db2", .agent = true },
	{ .name = "other/s3", .check = SETTINGS_CHECK_TCP, .host = "db1" },
	{ .name = "s4", .check = SETTINGS_CHECK_TCP, .host = "unix:/tmp/x" },
};

struct scene {
	struct rosterscene r;
	struct names *names;
};

static void open_scene_of(struct scene *s, const struct rosterscene_server *servers, size_t count,
                          const struct settings_service *like)
{
	struct names_options o = { 0 };

	memset(watched, 0, sizeof(watched));
	rosterscene_open(&s->r, servers, count, like);
	o.topology = s->r.topology;
	o.roster = s->r.roster;
	o.checker = fakechecker_as_checker(&s->r.checker);
	s->names = names_new(&o);
}

static void open_scene_like(struct scene *s, const struct settings_service *like)
{
	open_scene_of(s, specs, ARRAY_LEN(specs), like);
}

static void open_scene(struct scene *s)
{
	open_scene_like(s, NULL);
}

static void close_scene(struct scene *s)
{
	names_free(s->names);
	assert_int_equal(count_watched(), 0);
	rosterscene_close(&s->r);
}

static void expect_address(const struct scene *s, const char *path, const char *want)
{
	struct addr addr = { 0 };
	char buf[ADDR_TEXT_MAX];

	topology_address(rosterscene_server(&s->r, path), &addr);
	assert_string_equal(addr_format(&addr, buf), want);
}

static void each_host_is_looked_up_once_for_all(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s);
	assert_int_equal(count_watched(), 2);
	assert_string_equal(s.r.checker.slots[3].address, "unix");
	resolve("db1", "10.0.0.1");
	expect_address(&s, "be/s1", "10.0.0.1:27101");
	expect_address(&s, "other/s3", "10.0.0.1:27103");
	assert_string_equal(s.r.checker.slots[0].address, "10.0.0.1");
	assert_string_equal(s.r.checker.slots[2].address, "10.0.0.1");
	resolve("db2", NULL);
	assert_string_equal(rosterscene_status(rosterscene_server(&s.r, "be/s2")), "DOWN");
	assert_string_equal(s.r.checker.slots[4].address, "-");
	close_scene(&s);
}

static void an_address_that_a_person_set_stays(void **state)
{
	struct scene s;
	struct topology_server *s2;
	struct addr addr;

	(void)state;
	open_scene(&s);
	s2 = rosterscene_server(&s.r, "be/s2");
	resolve("db2", "10.0.0.2");
	assert_true(addr_parse_ip("10.9.9.9", 5000, &addr));
	roster_set_address(s.r.roster, s2, &addr);
	expect_address(&s, "be/s2", "10.9.9.9:5000");
	assert_string_equal(s.r.checker.slots[1].address, "10.9.9.9");
	assert_string_equal(s.r.checker.slots[4].address, "10.9.9.9");
	assert_int_equal(s.r.checker.slots[1].port, 5000);
	assert_int_equal(s.r.checker.slots[4].port, 0); /* the agent's is its own */
	resolve("db2", "10.0.0.3");
	expect_address(&s, "be/s2", "10.9.9.9:5000");
	assert_string_equal(s.r.checker.slots[1].address, "10.9.9.9");
	resolve("db2", NULL);
	assert_string_equal(rosterscene_status(s2), "UP 1/3");
	close_scene(&s);
}

static void a_check_with_an_address_of_its_own_stays_there(void **state)
{
	struct scene s;
	struct topology_server *s2;
	struct addr addr;

	(void)state;
	open_scene(&s);
	s2 = rosterscene_server(&s.r, "be/s2");
	assert_true(addr_parse_ip("10.8.8.8", 0, &addr));
	roster_set_check_address(s.r.roster, s2, false, &addr, 8080);
	assert_int_equal(s.r.checker.slots[1].port, 8080);
	resolve("db2", "10.0.0.2");
	expect_address(&s, "be/s2", "10.0.0.2:27102");
	assert_string_equal(s.r.checker.slots[1].address, "10.8.8.8");
	assert_true(addr_parse_ip("10.9.9.9", 0, &addr));
	roster_set_address(s.r.roster, s2, &addr);
	assert_string_equal(s.r.checker.slots[1].address, "10.8.8.8");
	assert_string_equal(s.r.checker.slots[4].address, "10.9.9.9");
	close_scene(&s);
}

static struct settings *make_new(const char *host)
{
	struct settings *own = settings_new();
	struct settings_server *server = mem_arena_zalloc(&own->arena, sizeof(*server));
	struct settings_service *service = mem_arena_zalloc(&own->arena, sizeof(*service));
	struct settings_target *target = mem_arena_zalloc(&own->arena, sizeof(*target));

	*server = settings_server_default();
	server->name = "n";
	server->host = mem_arena_strdup(&own->arena, host);
	server->port = 5000;
	target->name = "be/n";
	target->host = server->host;
	target->check = settings_check_default(SETTINGS_CHECK_TCP);
	service->servers = server;
	service->server_count = 1;
	own->services = service;
	own->service_count = 1;
	own->targets = target;
	own->target_count = 1;
	return own;
}

static struct topology_server *add(struct scene *s, const char *host)
{
	struct topology_server *n = NULL;
	struct error err;

	assert_true(
	    roster_add_server(s->r.roster, s->r.topology->services[0], make_new(host), &n, &err));
	return n;
}

static void the_host_of_a_new_server_is_looked_up_until_it_goes(void **state)
{
	struct scene s;
	struct topology_server *n;

	(void)state;
	open_scene(&s);
	n = add(&s, "db9");
	assert_int_equal(count_watched(), 3);
	roster_order(s.r.roster, n, ROSTER_READY);
	assert_string_equal(rosterscene_status(n), "DOWN");
	resolve("db9", "10.0.0.9");
	expect_address(&s, "be/n", "10.0.0.9:5000");
	assert_string_equal(s.r.checker.slots[n->check_slot].address, "10.0.0.9");
	assert_string_equal(rosterscene_status(n), "no check");
	roster_order(s.r.roster, n, ROSTER_MAINT);
	assert_true(roster_is_idle(s.r.roster, n));
	roster_remove_server(s.r.roster, n);
	assert_int_equal(count_watched(), 2);
	close_scene(&s);
}

static void a_new_server_of_a_known_host_has_its_address_at_once(void **state)
{
	struct scene s;
	struct topology_server *n;

	(void)state;
	open_scene(&s);
	resolve("db1", "10.0.0.1");
	n = add(&s, "db1");
	assert_int_equal(count_watched(), 2);
	expect_address(&s, "be/n", "10.0.0.1:5000");
	assert_string_equal(s.r.checker.slots[n->check_slot].address, "10.0.0.1");
	roster_remove_server(s.r.roster, n);
	assert_int_equal(count_watched(), 2);
	resolve("db1", "10.0.0.5");
	expect_address(&s, "be/s1", "10.0.0.5:27101");
	close_scene(&s);
}

static void others_are_asked_and_told_when_the_settings_change(void **state)
{
	struct resolver *other = (struct resolver *)(void *)&watched; /* looked at by nobody */
	struct scene s;
	struct topology_server *s2;
	struct addr addr;

	(void)state;
	open_scene(&s);
	s2 = rosterscene_server(&s.r, "be/s2");
	resolve("db1", "10.0.0.1");
	resolve("db2", "10.0.0.2");
	assert_true(addr_parse_ip("10.9.9.9", 5000, &addr));
	roster_set_address(s.r.roster, s2, &addr);
	topology_set_address(rosterscene_server(&s.r, "be/s1"), NULL);
	names_follow(s.names, other);
	assert_int_equal(count_watched(), 2);
	expect_address(&s, "be/s1", "10.0.0.1:27101");
	expect_address(&s, "be/s2", "10.9.9.9:5000");
	/* What a person has set counts until the file says something else. */
	names_release(s.names, s2);
	names_forget_check(s.names, 1);
	names_follow(s.names, other);
	expect_address(&s, "be/s2", "10.0.0.2:5000");
	assert_string_equal(s.r.checker.slots[1].address, "10.0.0.2");
	assert_string_equal(s.r.checker.slots[4].address, "10.9.9.9");
	resolve("db1", "10.0.0.7");
	expect_address(&s, "be/s1", "10.0.0.7:27101");
	close_scene(&s);
}

static void a_check_is_found_by_its_slot_wherever_its_target_stands(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s);
	s.r.topology->slots[0] = 2;
	s.r.topology->slots[2] = 0;
	resolve("db2", "10.0.0.2");
	assert_string_equal(s.r.checker.slots[1].address, "10.0.0.2");
	resolve("db1", "10.0.0.1");
	assert_string_equal(s.r.checker.slots[0].address, "10.0.0.1");
	assert_string_equal(s.r.checker.slots[2].address, "10.0.0.1");
	close_scene(&s);
}

static void a_server_that_is_its_own_service_is_sent_nobody(void **state)
{
	struct settings_bind bind = { .kind = SETTINGS_BIND_ADDR, .text = ":27101" };
	struct settings_service like = settings_service_default();
	struct topology_server *s1;
	struct scene s;

	(void)state;
	assert_true(addr_parse_ip("", 27101, &bind.addr));
	like.binds = &bind;
	like.bind_count = 1;
	open_scene_like(&s, &like);
	s1 = rosterscene_server(&s.r, "be/s1");
	resolve("db1", "127.0.0.1");
	assert_string_equal(rosterscene_status(s1), "DOWN");
	expect_address(&s, "be/s1", "-");
	assert_string_equal(s1->cause, "its address is where this service listens (bind :27101)");
	assert_string_equal(s1->check.info, s1->cause);
	/* Another port of that host, and the check of the server itself. */
	expect_address(&s, "other/s3", "127.0.0.1:27103");
	assert_string_equal(s.r.checker.slots[0].address, "127.0.0.1");
	resolve("db1", "192.0.2.77");
	expect_address(&s, "be/s1", "192.0.2.77:27101");
	close_scene(&s);
}

static void an_address_of_its_own_service_needs_no_resolver_to_be_refused(void **state)
{
	/* The second one is another host's at first, and the others come. */
	static char host[16];
	static const struct rosterscene_server own[] = {
		{ .name = "s1", .check = SETTINGS_CHECK_TCP, .host = "127.0.0.1" },
		{ .name = "s2", .set.port = 27101, .check = SETTINGS_CHECK_TCP, .host = host },
		{ .name = "s3", .check = SETTINGS_CHECK_TCP, .host = "192.0.2.7" },
	};
	struct settings_bind binds[] = { { .kind = SETTINGS_BIND_ADDR, .text = ":27101" },
		                         { .kind = SETTINGS_BIND_ADDR, .text = ":5000" } };
	struct settings_service like = settings_service_default();
	struct scene s;

	(void)state;
	snprintf(host, sizeof(host), "192.0.2.6");
	assert_true(addr_parse_ip("", 27101, &binds[0].addr));
	assert_true(addr_parse_ip("", 5000, &binds[1].addr));
	like.binds = binds;
	like.bind_count = 2;
	open_scene_of(&s, own, ARRAY_LEN(own), &like);
	expect_address(&s, "be/s1", "-");
	assert_string_equal(rosterscene_status(rosterscene_server(&s.r, "be/s1")), "DOWN");
	expect_address(&s, "be/s2", "192.0.2.6:27101");
	assert_string_equal(rosterscene_status(rosterscene_server(&s.r, "be/s2")), "UP 1/3");
	assert_string_equal(s.r.checker.slots[2].address, "192.0.2.7");
	snprintf(host, sizeof(host), "127.0.0.9");
	names_follow(s.names, NULL);
	expect_address(&s, "be/s2", "-");
	assert_string_equal(s.r.checker.slots[1].address, "127.0.0.9");
	add(&s, "127.0.0.1");
	expect_address(&s, "be/n", "-");
	/* It is the same when the resolver says it. */
	resolve("127.0.0.9", "127.0.0.9");
	expect_address(&s, "be/s2", "-");
	snprintf(host, sizeof(host), "192.0.2.8");
	names_follow(s.names, NULL);
	expect_address(&s, "be/s2", "192.0.2.8:27101");
	close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_host_is_looked_up_once_for_all),
		cmocka_unit_test(an_address_that_a_person_set_stays),
		cmocka_unit_test(a_check_with_an_address_of_its_own_stays_there),
		cmocka_unit_test(the_host_of_a_new_server_is_looked_up_until_it_goes),
		cmocka_unit_test(a_new_server_of_a_known_host_has_its_address_at_once),
		cmocka_unit_test(others_are_asked_and_told_when_the_settings_change),
		cmocka_unit_test(a_check_is_found_by_its_slot_wherever_its_target_stands),
		cmocka_unit_test(a_server_that_is_its_own_service_is_sent_nobody),
		cmocka_unit_test(an_address_of_its_own_service_needs_no_resolver_to_be_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
