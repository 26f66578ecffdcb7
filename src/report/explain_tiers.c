/* SPDX-License-Identifier: MIT */
#include "explainparts.h"
#include "plain.h"

/* "  1  n1, n2, n3": the servers of a tier, and below when it serves. */
static void add_tier(struct text *out, unsigned int number, const char *names, const char *when)
{
	text_addf(out, "  %u  ", number);
	plain_add_folded(out, names, 5, EXPLAIN_WIDTH, 5);
	text_addc(out, '\n');
	explain_add_words(out, 5, "%s", when);
}

static void add_service(const struct settings_service *s, struct text *out)
{
	AUTO_TEXT active = { 0 };
	AUTO_TEXT backup = { 0 };
	AUTO_TEXT idle = { 0 };
	size_t actives = explain_add_servers(s, explain_is_active, &active);
	size_t backups = explain_add_servers(s, explain_is_backup, &backup);
	unsigned int tier = 0;

	plain_add(out, s->name);
	text_addc(out, '\n');
	if (actives)
		add_tier(out, ++tier, text_str(&active),
		         actives == 1 ? "serves as long as it is usable"
		                      : "serve as long as one of them is usable");
	if (backups)
		add_tier(
		    out, ++tier, text_str(&backup),
		    backups == 1 ? "backup: serves when no other server is usable"
		    : s->allbackups
		        ? "backups: serve when no other server is usable, all of them "
		          "(allbackups)"
		        : "backups: when no other server is usable the first usable one serves, "
		          "in this order, alone");
	if (!tier)
		explain_add_words(out, 2, "Nobody serves: no server is enabled and has a weight.");
	if (explain_add_servers(s, explain_is_idle, &idle))
		explain_add_words(out, 2, "In none: %s (weight 0, or disabled).", text_str(&idle));
	if (s->hold_ms) {
		char hold[DETECTION_TEXT_MAX];

		explain_add_words(out, 2,
		                  "When none of them is usable clients wait for up to %s (hold).",
		                  detection_format(s->hold_ms, hold));
	} else {
		explain_add_words(out, 2,
		                  "When none of them is usable clients are refused (hold is 0).");
	}
}

void explain_tiers(const struct settings *s, struct text *out)
{
	if (s->locality) {
		text_add(out, "This proxy stands in ");
		plain_add(out, s->locality);
		text_add(out, ".\n\n");
	}
	for (size_t i = 0; i < s->service_count; i++) {
		text_add(out, i ? "\n" : "");
		add_service(&s->services[i], out);
	}
}
