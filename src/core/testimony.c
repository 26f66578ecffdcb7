/* SPDX-License-Identifier: MIT */
#include "core/testimony.h"

#include <errno.h>
#include <string.h>

bool testimony_refused(const struct probe_result *result)
{
	struct probe_result refused;

	if (result->code != PROBE_L4CON)
		return false;
	refused = probe_failed(PROBE_L4CON, ECONNREFUSED);
	return strcmp(result->info, refused.info) == 0;
}

static bool is_silence(const struct probe_result *result)
{
	return result->code == PROBE_L4TOUT || result->code == PROBE_L6TOUT ||
	       result->code == PROBE_L7TOUT;
}

/* A check that finds silence takes its whole time-out. */
static uint32_t validity(const struct topology_server *s, enum testimony_kind kind)
{
	const struct settings_check *check = &s->target->check;
	uint32_t timeout = check->timeout_ms ? check->timeout_ms : check->inter_ms;

	return TESTIMONY_FRESH_MS + (kind == TESTIMONY_SILENT ? timeout : 0);
}

void testimony_note(struct testimony_list *l, const struct topology_server *s,
                    enum testimony_kind kind, int64_t now_ms)
{
	l->at[l->next++ % TESTIMONY_ROOM] = (struct testimony){
		.slot = s->check_slot, .ms = now_ms, .kind = kind, .valid_ms = validity(s, kind)
	};
}

enum testimony_kind testimony_confirms(const struct testimony_list *l,
                                       const struct topology_server *s,
                                       const struct probe_result *result, bool haproxy,
                                       int64_t now_ms)
{
	enum testimony_kind found = testimony_refused(result) ? TESTIMONY_REFUSED
	                            : is_silence(result)      ? TESTIMONY_SILENT
	                                                      : TESTIMONY_NONE;

	if (found == TESTIMONY_NONE || (haproxy && !s->settings->observe))
		return TESTIMONY_NONE;
	for (size_t i = 0; i < TESTIMONY_ROOM; i++) {
		const struct testimony *t = &l->at[i];

		if (t->kind == found && t->slot == s->check_slot && now_ms - t->ms <= t->valid_ms)
			return found;
	}
	return TESTIMONY_NONE;
}
