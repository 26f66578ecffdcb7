/* SPDX-License-Identifier: MIT */
#include "ownseries.h"

#include "series.h"

#include <stdio.h>

static void begin(const struct ownseries *w, const char *name, enum metric_kind kind,
                  const char *help)
{
	series_begin(w->out, w->openmetrics, name, kind, help);
}

static void add_discovery(const struct ownseries *w)
{
	static const char nodes[] = "sluice_discovery_nodes";
	static const char age[] = "sluice_discovery_last_success_age_seconds";
	static const char failures[] = "sluice_discovery_failures_total";
	const struct snapshot_discovery *d = &w->s->process.discovery;
	const char *const none[] = { NULL };

	if (!d->on)
		return;
	begin(w, nodes, METRIC_KIND_GAUGE, "Nodes of the last list that the cluster told");
	series_add(w->out, nodes, none, (int64_t)d->known);
	begin(w, age, METRIC_KIND_GAUGE, "How old that list is; -1 if there was none yet");
	series_add(w->out, age, none, d->last_s);
	begin(w, failures, METRIC_KIND_COUNTER,
	      "Requests to the cluster that brought no list that could be used");
	series_add(w->out, failures, none, (int64_t)d->failures);
}

void ownseries_add_process(const struct ownseries *w)
{
	const struct snapshot_process *p = &w->s->process;
	const char *const version[] = { "version", p->version, NULL };
	static const char workers[] = "sluice_worker_sessions";
	static const char before[] = "sluice_predecessor_sessions";
	const char *const none[] = { NULL };
	int64_t left = 0;
	char number[24];

	begin(w, "sluice_build_info", METRIC_KIND_GAUGE, "Version, as a label");
	series_add(w->out, "sluice_build_info", version, 1);
	begin(w, workers, METRIC_KIND_GAUGE, "Sessions of each worker thread now");
	for (size_t i = 0; i < p->worker_count; i++) {
		const char *const labels[] = { "worker", number, NULL };

		snprintf(number, sizeof(number), "%zu", i);
		series_add(w->out, workers, labels, p->worker_sessions[i]);
	}
	for (size_t i = 0; i < p->predecessor_count; i++)
		left += p->predecessors[i].sessions;
	begin(w, before, METRIC_KIND_GAUGE, "Sessions that processes before an upgrade still have");
	series_add(w->out, before, none, left);
	add_discovery(w);
}

/* One value of each service, for families that are nothing more. */
static void add_each_service(const struct ownseries *w, const char *name, enum metric_kind kind,
                             const char *help, int64_t (*get)(const struct snapshot_service *))
{
	begin(w, name, kind, help);
	for (size_t i = 0; i < w->s->service_count; i++) {
		const char *const labels[] = { "proxy", w->s->services[i].name, NULL };

		series_add(w->out, name, labels, get(&w->s->services[i]));
	}
}

static int64_t held(const struct snapshot_service *s)
{
	return s->held;
}

static int64_t held_max(const struct snapshot_service *s)
{
	return s->held_max;
}

static int64_t held_total(const struct snapshot_service *s)
{
	return (int64_t)s->count[COUNTER_HELD];
}

static int64_t is_panicking(const struct snapshot_service *s)
{
	return s->panicking;
}

static void add_ended_and_usable(const struct ownseries *w)
{
	static const char ended[] = "sluice_sessions_ended_total";
	static const char usable[] = "sluice_usable_servers";

	begin(w, ended, METRIC_KIND_COUNTER, "Sessions ended, by reason");
	for (size_t i = 0; i < w->s->service_count; i++) {
		for (enum reason r = 0; r < REASON_COUNT; r++) {
			const char *const labels[] = { "proxy", w->s->services[i].name, "reason",
				                       reason_key(r), NULL };

			series_add(w->out, ended, labels, (int64_t)w->s->services[i].ended[r]);
		}
	}
	begin(w, usable, METRIC_KIND_GAUGE, "Servers that may take new sessions, by role");
	for (size_t i = 0; i < w->s->service_count; i++) {
		const struct snapshot_service *s = &w->s->services[i];
		const char *const active[] = { "proxy", s->name, "role", "active", NULL };
		const char *const backup[] = { "proxy", s->name, "role", "backup", NULL };

		series_add(w->out, usable, active, s->active_usable);
		series_add(w->out, usable, backup, s->backup_usable);
	}
}

static void add_tiers(const struct ownseries *w)
{
	static const char share[] = "sluice_service_tier_share_percent";

	begin(w, share, METRIC_KIND_GAUGE, "Part of new sessions that a tier takes, 0 the nearest");
	for (size_t i = 0; i < w->s->service_count; i++) {
		const struct snapshot_service *s = &w->s->services[i];

		for (uint32_t t = 0; t < s->tier_count && t < TIERS_MAX; t++) {
			const char digit[] = { (char)('0' + t), '\0' };
			const char *const labels[] = { "proxy", s->name, "tier", digit, NULL };

			series_add(w->out, share, labels, s->tier_percent[t]);
		}
	}
}

void ownseries_add_services(const struct ownseries *w)
{
	add_ended_and_usable(w);
	add_each_service(w, "sluice_service_held_sessions", METRIC_KIND_GAUGE,
	                 "Clients that wait because no server is usable", held);
	add_each_service(w, "sluice_service_held_sessions_max", METRIC_KIND_GAUGE,
	                 "The most of them at once", held_max);
	add_each_service(w, "sluice_service_held_total", METRIC_KIND_COUNTER,
	                 "Sessions that waited because no server was usable", held_total);
	add_each_service(w, "sluice_service_panicking", METRIC_KIND_GAUGE,
	                 "1 while most of its servers ask for patience or are silent at once",
	                 is_panicking);
	add_tiers(w);
}

/* One family of the servers; its series of a server are one value, or what `add` makes of it. */
struct family {
	const char *name;
	enum metric_kind kind;
	const char *help;
	int64_t (*get)(const struct snapshot_server *s);
	void (*add)(const struct ownseries *w, const char *name, const struct snapshot_server *s);
};

static int64_t state_age(const struct snapshot_server *s)
{
	return s->age_ms / 1000;
}

static int64_t is_usable(const struct snapshot_server *s)
{
	return s->usable;
}

static int64_t sessions_before(const struct snapshot_server *s)
{
	return s->sessions_before;
}

static int64_t connected(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_CONNECTED];
}

static int64_t cut(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_CUT];
}

static int64_t replayed(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_REPLAYED];
}

static int64_t asked(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_ASKED];
}

static int64_t warm(const struct snapshot_server *s)
{
	return s->warm;
}

static int64_t warm_used(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_WARM_USED];
}

static int64_t warm_lost(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_WARM_LOST];
}

static int64_t tier_of(const struct snapshot_server *s)
{
	return s->backup ? -1 : (int64_t)s->tier;
}

static int64_t far(const struct snapshot_server *s)
{
	return (int64_t)s->count[COUNTER_FAR];
}

static void add_far_bytes(const struct ownseries *w, const char *name,
                          const struct snapshot_server *s)
{
	const char *labels[] = { "proxy", s->service, "server", s->name, "direction", "in", NULL };

	series_add(w->out, name, labels, (int64_t)s->count[COUNTER_FAR_IN]);
	labels[5] = "out";
	series_add(w->out, name, labels, (int64_t)s->count[COUNTER_FAR_OUT]);
}

static void add_health(const struct ownseries *w, const char *name, const struct snapshot_server *s)
{
	for (enum state_health h = 0; h < STATE_HEALTH_COUNT; h++) {
		const char *const labels[] = { "proxy",  s->service,          "server", s->name,
			                       "health", state_health_key(h), NULL };

		series_add(w->out, name, labels, s->state.health == h);
	}
}

/* Only servers that suffer one have a series. */
static void add_fault(const struct ownseries *w, const char *name, const struct snapshot_server *s)
{
	AUTO_TEXT words = { 0 };
	const char *labels[] = { "proxy", s->service, "server", s->name, "fault", NULL, NULL };

	if (s->fault.kind == FAULT_NONE)
		return;
	fault_describe(&s->fault, &words);
	labels[5] = text_str(&words);
	series_add(w->out, name, labels, 1);
}

static const struct family families[] = {
	{ "sluice_server_health", METRIC_KIND_GAUGE,
	  "What checks found out; the word that applies is 1", .add = add_health },
	{ "sluice_server_usable", METRIC_KIND_GAUGE, "1 if the server may take new sessions",
	  .get = is_usable },
	{ "sluice_server_state_age_seconds", METRIC_KIND_GAUGE,
	  "How long the server has been in its state", .get = state_age },
	{ "sluice_server_predecessor_sessions", METRIC_KIND_GAUGE,
	  "Sessions that processes before an upgrade still have on the server",
	  .get = sessions_before },
	{ "sluice_server_connected_total", METRIC_KIND_COUNTER,
	  "Connections to the server that were established", .get = connected },
	{ "sluice_server_cut_sessions_total", METRIC_KIND_COUNTER,
	  "Sessions that sluice itself closed", .get = cut },
	{ "sluice_server_replayed_total", METRIC_KIND_COUNTER,
	  "Sessions that went on to another server with what the client had said",
	  .get = replayed },
	{ "sluice_server_asked_total", METRIC_KIND_COUNTER,
	  "Sessions that sluice closed between two transactions", .get = asked },
	{ "sluice_server_warm_connections", METRIC_KIND_GAUGE,
	  "Idle connections to the server that wait for a session", .get = warm },
	{ "sluice_server_warm_used_total", METRIC_KIND_COUNTER,
	  "Sessions that took such a connection", .get = warm_used },
	{ "sluice_server_warm_lost_total", METRIC_KIND_COUNTER,
	  "Such connections that the server closed, or that were found dead when used",
	  .get = warm_lost },
	{ "sluice_server_tier", METRIC_KIND_GAUGE,
	  "How near the server is: 0 the nearest, -1 a backup", .get = tier_of },
	{ "sluice_server_cross_tier_sessions_total", METRIC_KIND_COUNTER,
	  "Sessions it was given while it stood in a further tier than the nearest", .get = far },
	{ "sluice_server_cross_tier_bytes_total", METRIC_KIND_COUNTER,
	  "Bytes relayed while it stood there; in: from clients", .add = add_far_bytes },
	{ "sluice_server_fault", METRIC_KIND_GAUGE,
	  "1 while that fault is put on the way to the server", .add = add_fault },
};

static void add_server(const struct ownseries *w, const struct family *f,
                       const struct snapshot_server *s)
{
	const char *const labels[] = { "proxy", s->service, "server", s->name, NULL };

	if (w->no_maint && state_in_maint(&s->state))
		return;
	if (f->add)
		f->add(w, f->name, s);
	else
		series_add(w->out, f->name, labels, f->get(s));
}

void ownseries_add_servers(const struct ownseries *w)
{
	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		begin(w, families[f].name, families[f].kind, families[f].help);
		for (size_t i = 0; i < w->s->service_count; i++)
			for (size_t k = 0; k < w->s->services[i].server_count; k++)
				add_server(w, &families[f], &w->s->services[i].servers[k]);
	}
}
