/* SPDX-License-Identifier: MIT */
#include "rebalancer.h"

#include "base/log.h"
#include "core/rebalance.h"
#include "rosterlog.h"

#include <stdlib.h>

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

/* Those that can be followed; then, if that is wanted, the silent ones.  Returns how many. */
static uint32_t carry_out(struct roster *r, const struct rebalance_move *m)
{
	uint32_t silent_ms = m->server->service->settings->rebalance_encrypted_ms;
	struct crew_wish w = { .server = m->server,
		               .reason = REASON_REBALANCED,
		               .manner = CREW_BETWEEN_TRANSACTIONS,
		               .most = m->close };
	uint32_t done;

	if (!m->close || !r->o.wish)
		return 0;
	done = r->o.wish(r->o.ctx, &w);
	if (!silent_ms || done >= m->close)
		return done;
	w.manner = CREW_AT_ONCE;
	w.silent_ms = silent_ms;
	w.most = m->close - done;
	return done + r->o.wish(r->o.ctx, &w);
}

/* Why not all that should end do. */
static const char *why_left(const struct settings_service *set)
{
	if (set->protocol != SETTINGS_PROTOCOL_PGWIRE && !set->rebalance_encrypted_ms)
		return "; without protocol = \"pgwire\" nobody sees where a transaction ends";
	if (!set->rebalance_encrypted_ms)
		return "; the others are encrypted, for which there is rebalance_encrypted, or "
		       "were "
		       "asked before";
	return "; the others were asked before, or have not been silent for rebalance_encrypted";
}

/* Why nothing should end. */
static const char *why_idle(const struct topology_service *service)
{
	size_t usable = 0;

	for (size_t i = 0; i < service->server_count; i++)
		usable += topology_is_usable(service->servers[i]);
	if (atomic_load_explicit(&service->panicking, memory_order_relaxed))
		return "most of its servers are in trouble at once";
	return usable < 2 ? "fewer than two servers are usable"
	                  : "no server has more than 15 % beyond its share";
}

static void show(const struct rebalance_move *m, uint32_t done, bool dry, struct text *out)
{
	const struct settings_service *set = m->server->service->settings;
	bool blind = set->protocol != SETTINGS_PROTOCOL_PGWIRE && !set->rebalance_encrypted_ms;

	text_addf(out, "%s/%s: %u session%s, an even share is %u", set->name,
	          m->server->settings->name, m->sessions, plural(m->sessions), m->share);
	if (m->close && dry)
		text_addf(out, ": %u would be asked to end", m->close);
	else if (m->close)
		text_addf(out, ": %u of %u end", done, m->close);
	if (dry ? m->close && blind : done < m->close)
		text_add(out, why_left(set));
	text_addc(out, '\n');
}

static void tell(struct roster *r, const struct topology_service *service, const char *servers,
                 uint32_t ended)
{
	AUTO_TEXT text = { 0 };

	text_addf(&text, "rebalancing %s: %u session%s end%s%s", service->settings->name, ended,
	          plural(ended), ended == 1 ? "s" : "", servers);
	rosterlog_mark(r, LOG_LEVEL_NOTICE, text_str(&text));
}

static void pass(struct roster *r, const struct topology_service *service, bool dry,
                 struct text *out)
{
	struct rebalance_move *moves =
	    mem_zalloc((service->server_count + 1) * sizeof(struct rebalance_move));
	AUTO_TEXT servers = { 0 };
	uint32_t ended = 0;
	uint32_t wanted = rebalance_plan(service, service->settings->rebalance_budget, moves);

	for (size_t i = 0; i < service->server_count; i++) {
		uint32_t done = dry ? 0 : carry_out(r, &moves[i]);

		ended += done;
		if (out)
			show(&moves[i], done, dry, out);
		if (done)
			text_addf(&servers, "%s %u on %s", ended > done ? "," : ":", done,
			          moves[i].server->settings->name);
	}
	if (out && !wanted)
		text_addf(out, "%s: nothing to end: %s\n", service->settings->name,
		          why_idle(service));
	if (ended)
		tell(r, service, text_str(&servers), ended);
	free(moves);
}

void rebalancer_run(struct roster *r, const struct topology_service *service, bool dry,
                    struct text *out)
{
	for (size_t i = 0; i < r->o.topology->service_count; i++)
		if (!service || service == r->o.topology->services[i])
			pass(r, r->o.topology->services[i], dry, out);
}

/* Passes come when the clock comes to a multiple of their time. */
void rebalancer_tick(struct roster *r, int64_t now_ms)
{
	int64_t before = r->rebalanced_ms ? r->rebalanced_ms : now_ms;

	r->rebalanced_ms = now_ms;
	for (size_t i = 0; i < r->o.topology->service_count; i++) {
		const struct topology_service *service = r->o.topology->services[i];
		const struct settings_service *set = service->settings;

		if (set->rebalance && set->rebalance_every_ms &&
		    before / set->rebalance_every_ms != now_ms / set->rebalance_every_ms)
			pass(r, service, false, NULL);
	}
}
