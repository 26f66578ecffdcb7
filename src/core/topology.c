/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

#include "core/balance.h"
#include "core/logvars.h"
#include "topology_number.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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
	return balance_stride((weight ? weight : 1) * TOPOLOGY_SHARE) / (2 * count) *
	       (2 * index + 1);
}

/* A minconn above it replaces it, as in HAProxy. */
static uint32_t first_maxconn(const struct settings_server *set)
{
	return set->minconn > set->maxconn ? set->minconn : set->maxconn;
}

static struct topology_server *new_server(struct topology_service *service,
                                          const struct settings_server *set,
                                          const struct settings *settings)
{
	struct topology_server *s = alloc_aligned(sizeof(*s));
	const struct settings_check *check;

	assert(set->node < settings->target_count);
	s->settings = set;
	s->target = &settings->targets[set->node];
	s->service = service;
	s->id = set->id;
	check = &s->target->check;
	s->limits = (struct state_limits){
		.rise = check->rise,
		.fall = check->fall,
		.checked = check->type != SETTINGS_CHECK_NONE,
		.start_up = check->init_state == SETTINGS_INIT_UP,
		.agent = set->agent != 0,
	};
	s->check.code = PROBE_INIT;
	s->agent.code = PROBE_INIT;
	s->check_slot = set->node;
	s->agent_slot = set->agent ? set->agent - 1 : SIZE_MAX;
	s->iweight = set->weight;
	atomic_store_explicit(&s->weight, set->weight, memory_order_relaxed);
	atomic_store_explicit(&s->ramp, 100, memory_order_relaxed);
	atomic_store_explicit(&s->maxconn, first_maxconn(set), memory_order_relaxed);
	atomic_store_explicit(&s->port, set->port, memory_order_relaxed);
	set_first_address(s);
	return s;
}

static struct topology_server *add_configured(struct topology_service *service, size_t index,
                                              const struct settings *settings)
{
	const struct settings_server *set = &service->settings->servers[index];
	struct topology_server *s = new_server(service, set, settings);

	topology_set_state(s, state_first(&s->limits, set->disabled ? STATE_MAINT_CONFIG : 0));
	atomic_store_explicit(&s->turn, first_turn(index, service->server_count, set->weight),
	                      memory_order_relaxed);
	return s;
}

/* A service that names no frontend is one itself. */
static struct settings_frontend *make_frontend(const struct settings_service *s)
{
	struct settings_frontend *f = mem_zalloc(sizeof(*f));

	*f = (struct settings_frontend){
		.name = s->name,
		.id = s->id,
		.binds = s->binds,
		.bind_count = s->bind_count,
		.maxconn = s->maxconn,
		.client_ms = s->timeout.client_ms,
		.client_fin_ms = s->timeout.client_fin_ms,
		.rate_limit = s->rate_limit,
		.conn_rate_limit = s->conn_rate_limit,
		.keepalive = s->keepalive,
		.tcp_user_timeout_ms = s->tcp_user_timeout_ms,
		.allow = s->allow,
		.deny = s->deny,
		.allow_count = s->allow_count,
		.deny_count = s->deny_count,
		.dontlognull = s->dontlognull,
		.dontlog_normal = s->dontlog_normal,
		.log_separate_errors = s->log_separate_errors,
		.logasap = s->logasap,
		.socket_stats = s->socket_stats,
		.disabled = s->disabled,
		.session_log = s->session_log,
		.log_addresses = logvars_shows_addresses(s->log_format),
		.log_format = s->log_format,
		.own_logs = s->own_logs,
		.logs = s->logs,
		.log_count = s->log_count,
		.description = s->description,
		.line = s->line,
	};
	return f;
}

static void add_frontend(struct topology_service *service, const struct settings_frontend *set)
{
	struct topology_frontend *f = alloc_aligned(sizeof(*f));

	f->settings = set;
	f->service = service;
	f->id = set->id;
	atomic_store_explicit(&f->maxconn, set->maxconn, memory_order_relaxed);
	service->frontends[service->frontend_count++] = f;
}

static void add_frontends(struct topology_service *service)
{
	const struct settings_service *set = service->settings;
	size_t count = set->frontend_count ? set->frontend_count : 1;

	service->frontends = mem_zalloc(count * sizeof(struct topology_frontend *));
	if (!set->frontend_count) {
		service->own_frontend = make_frontend(set);
		add_frontend(service, service->own_frontend);
	}
	for (size_t i = 0; i < set->frontend_count; i++)
		add_frontend(service, &set->frontends[i]);
}

static struct topology_service *new_service(size_t index, const struct settings *settings)
{
	struct topology_service *s = alloc_aligned(sizeof(*s));
	uint32_t active;
	uint32_t backup;

	s->settings = &settings->services[index];
	s->id = s->settings->id;
	s->server_count = s->settings->server_count;
	s->servers = mem_zalloc(s->server_count * sizeof(struct topology_server *));
	for (size_t i = 0; i < s->server_count; i++)
		s->servers[i] = add_configured(s, i, settings);
	add_frontends(s);
	topology_count_usable(s, &active, &backup);
	s->has_server = active || backup;
	return s;
}

static void link_tracks(struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];

			if (s->settings->track)
				s->tracked = topology_find_server(t, s->settings->track);
		}
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
	topology_number(t);
	for (size_t i = 0; i < t->service_count; i++)
		free(topology_publish(t->services[i]));
	link_tracks(t);
	return t;
}

void topology_set_maxconn(struct topology *t, uint32_t maxconn)
{
	for (size_t i = 0; i < t->service_count; i++) {
		struct topology_service *s = t->services[i];
		uint64_t sum = 0;

		for (size_t k = 0; k < s->frontend_count; k++) {
			struct topology_frontend *f = s->frontends[k];
			uint32_t limit = f->settings->maxconn ? f->settings->maxconn : maxconn;

			atomic_store_explicit(&f->maxconn, limit, memory_order_relaxed);
			sum += limit;
		}
		/* HAProxy configuration manual 4.2, "fullconn". */
		sum = (sum + 9) / 10;
		s->fullconn = sum < 1 ? 1 : sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
		if (s->settings->fullconn)
			s->fullconn = s->settings->fullconn;
	}
}

static void free_service(struct topology_service *s)
{
	for (size_t i = 0; i < s->server_count; i++)
		topology_free_server(s->servers[i]);
	for (size_t i = 0; i < s->frontend_count; i++)
		free(s->frontends[i]);
	free(s->own_frontend);
	free(s->frontends);
	free(s->servers);
	free(atomic_load_explicit(&s->roll, memory_order_relaxed));
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

struct state topology_state(const struct topology_server *s)
{
	return state_unpack(atomic_load_explicit(&s->state, memory_order_acquire));
}

void topology_set_state(struct topology_server *s, struct state state)
{
	atomic_store_explicit(&s->state, state_pack(&state), memory_order_release);
	atomic_store_explicit(&s->usable, state_is_usable(&state), memory_order_release);
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

struct topology_server *topology_add_server(struct topology_service *service, struct settings *own)
{
	struct topology_server *s = new_server(service, &own->services[0].servers[0], own);

	s->own = own;
	s->check_slot = SIZE_MAX;
	s->agent_slot = SIZE_MAX;
	topology_set_state(s, state_first(&s->limits, STATE_MAINT_COMMAND));
	if (!s->id)
		s->id = topology_number_free(service);
	/* Its turn is now: it neither catches up nor waits for the others. */
	atomic_store_explicit(&s->turn, atomic_load_explicit(&service->clock, memory_order_relaxed),
	                      memory_order_relaxed);
	service->servers = mem_resize(service->servers, service->server_count + 1,
	                              sizeof(struct topology_server *));
	service->servers[service->server_count++] = s;
	return s;
}

void topology_remove_server(struct topology_server *s)
{
	struct topology_service *service = s->service;
	size_t kept = 0;

	for (size_t i = 0; i < service->server_count; i++)
		if (service->servers[i] != s)
			service->servers[kept++] = service->servers[i];
	service->server_count = kept;
}

struct topology_roll *topology_publish(struct topology_service *service)
{
	struct topology_roll *roll =
	    topology_roll_new(service->settings, service->servers, service->server_count);

	return atomic_exchange_explicit(&service->roll, roll, memory_order_acq_rel);
}

void topology_free_server(struct topology_server *s)
{
	if (!s)
		return;
	settings_free(s->own);
	free(s);
}

static uint32_t load32(const _Atomic uint32_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* As HAProxy: these know the weights of their first moment only, so nothing can start slowly. */
static bool is_static(const struct settings_service *s)
{
	bool hashes = s->balance == SETTINGS_SOURCE || s->balance == SETTINGS_HASH;

	return s->balance == SETTINGS_STATIC_RR || (hashes && s->hash.type == SETTINGS_HASH_MAP);
}

uint32_t topology_share(const struct topology_server *s)
{
	uint32_t ramp = load32(&s->ramp);
	uint32_t part = TOPOLOGY_SHARE;

	if (ramp < 100 && !is_static(s->service->settings))
		part = ramp ? (ramp * TOPOLOGY_SHARE + 99) / 100 : 1;
	return load32(&s->weight) * part;
}

uint32_t topology_weight(const struct topology_server *s)
{
	return (topology_share(s) + TOPOLOGY_SHARE - 1) / TOPOLOGY_SHARE;
}

uint32_t topology_maxconn(const struct topology_server *s)
{
	uint32_t max = load32(&s->maxconn);
	uint32_t min = s->settings->minconn;
	uint32_t full = s->service->fullconn;
	uint32_t ramp = load32(&s->ramp);
	uint32_t active;

	if (!max)
		return 0;
	active = min ? load32(&s->service->active) : 0;
	if (min && min < max && active < full) {
		uint64_t part = (uint64_t)active * max / full;

		max = part > min ? (uint32_t)part : min;
	}
	if (ramp < 100)
		max = (uint32_t)((uint64_t)max * ramp / 100);
	return max ? max : 1;
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
