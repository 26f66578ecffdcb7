/* SPDX-License-Identifier: MIT */
#include "panic.h"

#include "base/log.h"
#include "base/tick.h"
#include "core/quorum.h"
#include "engine/queue.h"
#include "rosterlog.h"

#include <stdio.h>

static bool is_panicking(const struct topology_service *service)
{
	return atomic_load_explicit(&service->panicking, memory_order_relaxed);
}

bool panic_is_near(const struct roster *r, const struct topology_service *service)
{
	return is_panicking(service) || (!r->o.topology->settings->haproxy &&
	                                 quorum_is_near(r->o.journal, service, tick_ms()));
}

/* --- beginning and end -------------------------------------------------------------------- */

static const char *consequence(const struct topology_service *service)
{
	switch (service->settings->panic) {
	case SETTINGS_PANIC_ROUTE:
		return "new ones go to them, too";
	case SETTINGS_PANIC_HOLD:
		return "new ones wait if none serves";
	case SETTINGS_PANIC_REFUSE:
		break;
	}
	return "new ones go to those that serve";
}

static void press(struct topology_service *service)
{
	bool changed = false;

	for (size_t i = 0; i < service->server_count; i++) {
		struct topology_server *s = service->servers[i];
		bool pressed = quorum_wants(s);

		if (pressed == s->pressed)
			continue;
		topology_press(s, pressed);
		changed = true;
	}
	if (changed)
		queue_kick(service);
}

static void tell(struct roster *r, struct topology_service *service, bool begins, const char *text)
{
	struct journal_event e = { .kind = JOURNAL_PANIC,
		                   .level = begins ? LOG_LEVEL_ALERT : LOG_LEVEL_NOTICE,
		                   .begins = begins };

	atomic_store_explicit(&service->panicking, begins, memory_order_relaxed);
	press(service);
	snprintf(e.service, sizeof(e.service), "%s", service->settings->name);
	snprintf(e.text, sizeof(e.text), "%s", text);
	panic_count_usable(service, &e.active_left, &e.backup_left);
	rosterlog_write(r, &e);
}

static void begin(struct roster *r, struct topology_service *service, const struct quorum *q)
{
	char text[160];

	snprintf(text, sizeof(text),
	         "%u of %u servers ask for patience or do not answer: sessions stay, %s", q->lost,
	         q->all, consequence(service));
	tell(r, service, true, text);
}

static void end(struct roster *r, struct topology_service *service, const struct quorum *q)
{
	char text[160];

	snprintf(text, sizeof(text), "of %u servers %u serve and %u are dead", q->all, q->healthy,
	         q->dead);
	tell(r, service, false, text);
}

void panic_look(struct roster *r, struct topology_service *service)
{
	struct quorum q;

	if (r->o.topology->settings->haproxy)
		return;
	if (is_panicking(service)) {
		if (quorum_is_back(service, &q))
			end(r, service, &q);
	} else if (quorum_is_lost(r->o.journal, service, tick_ms(), &q)) {
		begin(r, service, &q);
	}
	press(service);
}

void panic_count_usable(const struct topology_service *service, uint32_t *active, uint32_t *backup)
{
	*active = 0;
	*backup = 0;
	for (size_t i = 0; i < service->server_count; i++) {
		const struct topology_server *s = service->servers[i];

		if (!topology_is_usable(s) ||
		    !atomic_load_explicit(&s->weight, memory_order_relaxed))
			continue;
		if (s->settings->backup)
			(*backup)++;
		else
			(*active)++;
	}
}
