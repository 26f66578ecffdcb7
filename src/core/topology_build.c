/* SPDX-License-Identifier: MIT */
#include "topology_build.h"

#include "topology_number.h"

#include "core/balance.h"
#include "core/logvars.h"

#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

struct state_limits topology_build_limits(const struct settings_server *set,
                                          const struct settings_target *target)
{
	const struct settings_check *check = &target->check;

	return (struct state_limits){
		.rise = check->rise,
		.fall = check->fall,
		.checked = check->type != SETTINGS_CHECK_NONE,
		.start_up = check->init_state == SETTINGS_INIT_UP,
		.agent = set->agent != 0,
	};
}

void topology_build_agent(struct topology_server *s, const struct settings_server *set,
                          const struct settings *settings)
{
	const struct settings_check *agent =
	    set->agent ? &settings->targets[set->agent - 1].check : NULL;

	s->agent_limits = (struct state_limits){ .rise = agent ? agent->rise : 1,
		                                 .fall = agent ? agent->fall : 1,
		                                 .checked = true,
		                                 .agent = true };
}

struct topology_server *topology_build_server(struct topology_service *service,
                                              const struct settings_server *set,
                                              const struct settings *settings)
{
	struct topology_server *s = alloc_aligned(sizeof(*s));

	assert(set->node < settings->target_count);
	s->settings = set;
	s->target = &settings->targets[set->node];
	s->service = service;
	s->id = set->id;
	s->limits = topology_build_limits(set, s->target);
	s->check.code = PROBE_INIT;
	s->agent.code = PROBE_INIT;
	s->check_slot = set->node;
	s->agent_slot = set->agent ? set->agent - 1 : SIZE_MAX;
	topology_build_agent(s, set, settings);
	s->iweight = set->weight;
	atomic_store_explicit(&s->weight, set->weight, memory_order_relaxed);
	atomic_store_explicit(&s->ramp, 100, memory_order_relaxed);
	atomic_store_explicit(&s->maxconn, first_maxconn(set), memory_order_relaxed);
	atomic_store_explicit(&s->port, set->port, memory_order_relaxed);
	set_first_address(s);
	return s;
}

void topology_build_state(struct topology_server *s)
{
	int admin = (s->settings->disabled ? STATE_MAINT_CONFIG : 0) |
	            (s->settings->leaving ? STATE_DRAIN_LEFT : 0);

	topology_set_state(s, state_first(&s->limits, (uint8_t)admin));
}

static struct topology_server *add_configured(struct topology_service *service, size_t index,
                                              const struct settings *settings)
{
	const struct settings_server *set = &service->settings->servers[index];
	struct topology_server *s = topology_build_server(service, set, settings);

	topology_build_state(s);
	atomic_store_explicit(&s->turn, first_turn(index, service->server_count, set->weight),
	                      memory_order_relaxed);
	return s;
}

struct settings_frontend *topology_build_own(const struct settings_service *s)
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

struct topology_frontend *topology_build_frontend(struct topology_service *service,
                                                  const struct settings_frontend *set)
{
	struct topology_frontend *f = alloc_aligned(sizeof(*f));

	f->settings = set;
	f->service = service;
	f->id = set->id;
	atomic_store_explicit(&f->maxconn, set->maxconn, memory_order_relaxed);
	return f;
}

void topology_free_frontend(struct topology_frontend *f)
{
	if (!f)
		return;
	free(f->own);
	free(f);
}

static void add_frontends(struct topology_service *service)
{
	const struct settings_service *set = service->settings;
	size_t count = set->frontend_count ? set->frontend_count : 1;
	struct settings_frontend *own = set->frontend_count ? NULL : topology_build_own(set);

	service->frontends = mem_zalloc(count * sizeof(struct topology_frontend *));
	for (size_t i = 0; i < count; i++)
		service->frontends[i] =
		    topology_build_frontend(service, own ? own : &set->frontends[i]);
	service->frontend_count = count;
	service->frontends[0]->own = own;
}

struct topology_service *topology_build_service(const struct settings_service *set,
                                                const struct settings *settings)
{
	struct topology_service *s = alloc_aligned(sizeof(*s));
	uint32_t active;
	uint32_t backup;

	s->settings = set;
	s->id = set->id;
	s->server_count = set->server_count;
	s->servers = mem_zalloc(s->server_count * sizeof(struct topology_server *));
	for (size_t i = 0; i < s->server_count; i++)
		s->servers[i] = add_configured(s, i, settings);
	add_frontends(s);
	topology_count_usable(s, &active, &backup);
	s->has_server = active || backup;
	return s;
}

void topology_free_service(struct topology_service *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->server_count; i++)
		topology_free_server(s->servers[i]);
	for (size_t i = 0; i < s->frontend_count; i++)
		topology_free_frontend(s->frontends[i]);
	free(s->frontends);
	free(s->servers);
	free(atomic_load_explicit(&s->roll, memory_order_relaxed));
	free(s);
}

void topology_link_tracks(struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++) {
			struct topology_server *s = t->services[i]->servers[k];
			const char *leader = s->settings->track;

			s->tracked = leader ? topology_find_server(t, leader) : NULL;
		}
}

struct topology *topology_new(struct settings *settings)
{
	struct topology *t = mem_zalloc(sizeof(*t));

	t->owned = settings;
	t->settings = settings;
	t->slots = mem_zalloc((settings->target_count + 1) * sizeof(t->slots[0]));
	for (size_t i = 0; i < settings->target_count; i++)
		t->slots[i] = i;
	t->service_count = settings->service_count;
	t->services = mem_zalloc(t->service_count * sizeof(struct topology_service *));
	for (size_t i = 0; i < t->service_count; i++)
		t->services[i] = topology_build_service(&settings->services[i], settings);
	topology_number(t);
	for (size_t i = 0; i < t->service_count; i++)
		free(topology_publish(t->services[i]));
	topology_link_tracks(t);
	return t;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->service_count; i++)
		topology_free_service(t->services[i]);
	free(t->services);
	free(t->slots);
	settings_free(t->owned);
	free(t);
}

struct topology_server *topology_add_server(struct topology_service *service, struct settings *own)
{
	struct topology_server *s =
	    topology_build_server(service, &own->services[0].servers[0], own);

	s->own = own;
	s->check_slot = SIZE_MAX;
	s->agent_slot = SIZE_MAX;
	topology_set_state(s, state_first(&s->limits, STATE_MAINT_COMMAND));
	if (!s->id)
		s->id = topology_number_free(service);
	/* Its turn is now: it neither catches up nor waits for the others. */
	atomic_store_explicit(&s->turn,
	                      atomic_load_explicit(&service->clock[0], memory_order_relaxed),
	                      memory_order_relaxed);
	service->servers = mem_resize(service->servers, service->server_count + 1,
	                              sizeof(struct topology_server *));
	service->servers[service->server_count++] = s;
	return s;
}
