/* SPDX-License-Identifier: MIT */
#include "control/condition.h"

#include "base/cleanup.h"
#include "net/notify.h"

#include <string.h>

/* More would be cut off anyway. */
enum { SERVICES_SHOWN = 8 };

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void write_service(const struct topology_service *s, struct text *out)
{
	uint32_t active;
	uint32_t backup;

	topology_count_usable(s, &active, &backup);
	text_addf(out, "%s %u/%zu up", s->settings->name, active + backup, s->server_count);
}

void condition_write(const struct condition *c, struct text *out)
{
	const struct topology *t = c->topology;

	if (c->stopping) {
		text_addf(out, "draining: %u session%s left", c->sessions + c->left,
		          plural(c->sessions + c->left));
		return;
	}
	if (!c->accepting)
		text_add(out, "first checks: ");
	for (size_t i = 0; i < t->service_count && i < SERVICES_SHOWN; i++) {
		text_add(out, i ? ", " : "");
		write_service(t->services[i], out);
	}
	if (t->service_count > SERVICES_SHOWN)
		text_addf(out, " and %zu more", t->service_count - SERVICES_SHOWN);
	text_addf(out, "; %u session%s", c->sessions, plural(c->sessions));
	if (c->left)
		text_addf(out, ", %u in processes before this one", c->left);
}

void condition_tell(const struct condition *c, struct text *last)
{
	AUTO_TEXT now = { 0 };

	condition_write(c, &now);
	if (strcmp(text_str(&now), text_str(last)) == 0)
		return;
	notify_send("STATUS=%.400s", text_str(&now));
	text_clear(last);
	text_add(last, text_str(&now));
}
