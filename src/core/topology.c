/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "core/balance.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIME_WINDOW = 512,   /* samples: HAProxy's TIME_STATS_SAMPLES */
	TIME_FRACTION = 1024 /* parts of a millisecond in `sum`, or small times would round away */
};

/* What topology_free() needs: readers of a topology see its settings as const. */
struct owner {
	struct topology topology;
	struct settings *settings;
};

static void *alloc_aligned(size_t size)
{
	size_t room = (size + TOPOLOGY_LINE - 1) / TOPOLOGY_LINE * TOPOLOGY_LINE;
	void *p = aligned_alloc(TOPOLOGY_LINE, room);

	if (!p) {
		log_error("out of memory");
		abort();
	}
	memset(p, 0, room);
	return p;
}

static void set_first_address(struct topology_server *s)
{
	static const char prefix[] = "unix:";
	const char *host = s->settings->host;
	struct addr a;

	if (strncmp(host, prefix, strlen(prefix)) == 0) {
		if (addr_from_unix(host + strlen(prefix), &a, NULL))
			s->unix_addr = a;
	} else if (addr_parse_ip(host, s->settings->port, &a)) {
		topology_set_address(s, &a);
	}
}

/*
 * Where a server's turns begin: spread over its first stride, so that servers of different
 * weights do not all come at the same moment of each cycle.
 */
static uint64_t first_turn(size_t index, size_t count, uint32_t weight)
{
	return balance_stride(weight ? weight : 1) / (2 * count) * (2 * index + 1);
}

static struct topology_server *new_server(struct topology_service *service, size_t index,
                                          const struct settings *settings)
{
	struct topology_server *s = alloc_aligned(sizeof(*s));
	const struct settings_server *set = &service->settings->servers[index];
	const struct settings_check *check;

	assert(set->node < settings->target_count);
	s->settings = set;
	s->target = &settings->targets[set->node];
	s->service = service;
	s->id = (uint32_t)index + 1;
	check = &s->target->check;
	s->limits = (struct state_limits){
		.rise = check->rise,
		.fall = check->fall,
		.checked = check->type != SETTINGS_CHECK_NONE,
		.start_up = check->init_state == SETTINGS_INIT_UP,
	};
	s->check.code = PROBE_INIT;
	topology_set_state(s, state_first(&s->limits, set->disabled ? STATE_MAINT_CONFIG : 0));
	atomic_store_explicit(&s->weight, set->weight, memory_order_relaxed);
	atomic_store_explicit(&s->turn, first_turn(index, service->server_count, set->weight),
	                      memory_order_relaxed);
	set_first_address(s);
	return s;
}

static struct topology_service *new_service(size_t index, const struct settings *settings)
{
	struct topology_service *s = alloc_aligned(sizeof(*s));
	uint32_t active;
	uint32_t backup;

	s->settings = &settings->services[index];
	s->id = (uint32_t)index + 2;
	s->server_count = s->settings->server_count;
	s->servers = mem_zalloc(s->server_count * sizeof(struct topology_server *));
	for (size_t i = 0; i < s->server_count; i++)
		s->servers[i] = new_server(s, i, settings);
	topology_count_usable(s, &active, &backup);
	s->has_server = active || backup;
	return s;
}

struct topology *topology_new(struct settings *settings)
{
	struct owner *o = mem_zalloc(sizeof(*o));
	struct topology *t = &o->topology;

	o->settings = settings;
	t->settings = settings;
	t->service_count = settings->service_count;
	t->services = mem_zalloc(t->service_count * sizeof(struct topology_service *));
	for (size_t i = 0; i < t->service_count; i++)
		t->services[i] = new_service(i, settings);
	return t;
}

static void free_service(struct topology_service *s)
{
	for (size_t i = 0; i < s->server_count; i++)
		free(s->servers[i]);
	free(s->servers);
	free(s);
}

void topology_free(struct topology *t)
{
	struct owner *o;

	if (!t)
		return;
	o = container_of(t, struct owner, topology);
	for (size_t i = 0; i < t->service_count; i++)
		free_service(t->services[i]);
	free(t->services);
	settings_free(o->settings);
	free(o);
}

struct topology_service *topology_find_service(const struct topology *t, const char *name)
{
	for (size_t i = 0; i < t->service_count; i++)
		if (strcmp(t->services[i]->settings->name, name) == 0)
			return t->services[i];
	return NULL;
}

static struct topology_server *find_in(const struct topology_service *service, const char *name)
{
	for (size_t i = 0; i < service->server_count; i++)
		if (strcmp(service->servers[i]->settings->name, name) == 0)
			return service->servers[i];
	return NULL;
}

struct topology_server *topology_find_server(const struct topology *t, const char *path)
{
	for (size_t i = 0; i < t->service_count; i++) {
		const struct topology_service *service = t->services[i];
		size_t len = strlen(service->settings->name);

		if (strncmp(path, service->settings->name, len) == 0 && path[len] == '/')
			return find_in(service, path + len + 1);
	}
	return NULL;
}

struct state topology_state(const struct topology_server *s)
{
	return state_unpack(atomic_load_explicit(&s->state, memory_order_acquire));
}

void topology_set_state(struct topology_server *s, struct state state)
{
	atomic_store_explicit(&s->state, state_pack(&state), memory_order_release);
}

/*
 * A sequence lock without fences: the words are stored with release after the odd version, so a
 * reader that sees one of them also sees that version or a later one when it looks again.
 */
static struct addr_ip read_address(struct topology_server *s)
{
	uint64_t words[ARRAY_LEN(s->addr_words)] = { 0 };
	struct addr_ip ip;
	uint32_t before;

	_Static_assert(sizeof(ip) == sizeof(words), "an address fills the words");
	do {
		before = atomic_load_explicit(&s->addr_version, memory_order_acquire);
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			words[i] = atomic_load_explicit(&s->addr_words[i], memory_order_acquire);
	} while (before % 2 ||
	         atomic_load_explicit(&s->addr_version, memory_order_relaxed) != before);
	memcpy(&ip, words, sizeof(ip));
	return ip;
}

bool topology_address(struct topology_server *s, struct addr *ret)
{
	struct addr_ip ip;

	if (s->unix_addr.len) {
		*ret = s->unix_addr;
		return true;
	}
	ip = read_address(s);
	if (!ip.family)
		return false;
	*ret = addr_unpack(&ip);
	return true;
}

bool topology_has_address(struct topology_server *s)
{
	uint64_t word = atomic_load_explicit(&s->addr_words[0], memory_order_relaxed);
	uint16_t family;

	memcpy(&family, &word, sizeof(family)); /* struct addr_ip begins with it */
	return family || s->unix_addr.len;
}

void topology_set_address(struct topology_server *s, const struct addr *addr)
{
	struct addr_ip ip = addr ? addr_pack(addr) : (struct addr_ip){ 0 };
	uint64_t words[ARRAY_LEN(s->addr_words)];
	uint32_t version = atomic_load_explicit(&s->addr_version, memory_order_relaxed);

	memcpy(words, &ip, sizeof(words));
	atomic_store_explicit(&s->addr_version, version + 1, memory_order_relaxed);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		atomic_store_explicit(&s->addr_words[i], words[i], memory_order_release);
	atomic_store_explicit(&s->addr_version, version + 2, memory_order_release);
}

void topology_count_usable(const struct topology_service *s, uint32_t *active, uint32_t *backup)
{
	*active = 0;
	*backup = 0;
	for (size_t i = 0; i < s->server_count; i++) {
		const struct topology_server *server = s->servers[i];
		struct state state = topology_state(server);

		if (!state_is_usable(&state) ||
		    !atomic_load_explicit(&server->weight, memory_order_relaxed))
			continue;
		if (server->settings->backup)
			(*backup)++;
		else
			(*active)++;
	}
}

void topology_time_add(struct topology_time *t, uint32_t ms)
{
	uint64_t sum = atomic_load_explicit(&t->sum, memory_order_relaxed);
	uint32_t max = atomic_load_explicit(&t->max, memory_order_relaxed);
	uint64_t next;

	do
		next = sum - sum / TIME_WINDOW + (uint64_t)ms * TIME_FRACTION;
	while (!atomic_compare_exchange_weak_explicit(&t->sum, &sum, next, memory_order_relaxed,
	                                              memory_order_relaxed));
	while (max < ms && !atomic_compare_exchange_weak_explicit(
	                       &t->max, &max, ms, memory_order_relaxed, memory_order_relaxed))
		;
}

/* base ^ n by squaring. */
static double power(double base, uint64_t n)
{
	double result = 1;

	while (n) {
		if (n % 2)
			result *= base;
		base *= base;
		n /= 2;
	}
	return result;
}

/* A window that is not full yet has seen only a part of its weight, which is made up for. */
uint32_t topology_time_average(struct topology_time *t, uint64_t samples)
{
	double sum = (double)atomic_load_explicit(&t->sum, memory_order_relaxed);
	double seen = 1 - power(1 - 1.0 / TIME_WINDOW, samples);

	if (!samples)
		return 0;
	return (uint32_t)(sum / TIME_FRACTION / TIME_WINDOW / seen + 0.5);
}
