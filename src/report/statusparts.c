/* SPDX-License-Identifier: MIT */
#include "statusparts.h"

#include "report/stamp.h"

#include <inttypes.h>

void statusparts_add_admin(struct text *out, const struct state *s)
{
	static const struct {
		uint8_t flag;
		const char *word;
	} words[] = {
		{ STATE_MAINT_COMMAND, "maint" },
		{ STATE_MAINT_CONFIG, "maint (configuration)" },
		{ STATE_MAINT_INHERITED, "maint (inherited)" },
		{ STATE_DRAIN_COMMAND, "drain" },
		{ STATE_DRAIN_INHERITED, "drain (inherited)" },
		{ STATE_DRAIN_LEFT, "drain (left the cluster)" },
	};
	bool first = true;

	text_addc(out, '[');
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(s->admin & words[i].flag))
			continue;
		text_addf(out, "%s\"%s\"", first ? "" : ",", words[i].word);
		first = false;
	}
	text_addc(out, ']');
}

void statusparts_add_fault(struct text *out, const struct snapshot_server *s)
{
	AUTO_TEXT words = { 0 };

	if (s->fault.kind == FAULT_NONE) {
		text_add(out, "null");
		return;
	}
	fault_describe(&s->fault, &words);
	text_add(out, "{\"text\":");
	text_add_json(out, text_str(&words));
	text_add(out, ",\"meaning\":");
	text_add_json(out, fault_meaning(s->fault.kind));
	if (s->fault_left_ms >= 0)
		text_addf(out, ",\"left_ms\":%" PRId64, s->fault_left_ms);
	else
		text_add(out, ",\"left_ms\":null");
	text_addc(out, '}');
}

void statusparts_add_times(struct text *out, uint32_t average, uint32_t max)
{
	text_addf(out, "{\"average\":%" PRIu32 ",\"max\":%" PRIu32 "}", average, max);
}

void statusparts_add_binds(struct text *out, const struct snapshot_service *s)
{
	text_addc(out, '[');
	for (size_t i = 0; i < s->bind_count; i++) {
		text_add(out, i ? "," : "");
		text_add_json(out, s->binds[i]);
	}
	text_addc(out, ']');
}

void statusparts_add_tiers(struct text *out, const struct snapshot_service *s)
{
	text_addc(out, '[');
	for (uint32_t i = 0; i < s->tier_count && i < TIERS_MAX; i++)
		text_addf(out, "%s%" PRIu32, i ? "," : "", s->tier_percent[i]);
	text_addc(out, ']');
}

void statusparts_add_workers(struct text *out, const struct snapshot_process *p)
{
	text_addc(out, '[');
	for (size_t i = 0; i < p->worker_count; i++)
		text_addf(out, "%s%" PRIu32, i ? "," : "", p->worker_sessions[i]);
	text_addc(out, ']');
}

#define ADD(member, source) text_addf(out, ",\"%s\":%" PRId64, #member, (int64_t)(source));

static void add_predecessor(struct text *out, const struct snapshot_predecessor *p, int64_t now_ms)
{
	int64_t since_ms = p->since_wall_ms ? p->since_wall_ms : now_ms;

	text_addf(out, "{\"known\":%s", p->known ? "true" : "false");
	STATUSPARTS_PREDECESSOR(ADD, p)
	text_add(out, ",\"since\":\"");
	stamp_add_rfc3339(out, since_ms);
	text_addf(out, "\",\"since_s\":%" PRId64 "}",
	          now_ms > since_ms ? (now_ms - since_ms) / 1000 : 0);
}

void statusparts_add_predecessors(struct text *out, const struct snapshot_process *p)
{
	text_addc(out, '[');
	for (size_t i = 0; i < p->predecessor_count; i++) {
		text_add(out, i ? "," : "");
		add_predecessor(out, &p->predecessors[i], p->now_wall_ms);
	}
	text_addc(out, ']');
}

bool statusparts_has_check(const struct snapshot_server *s)
{
	return s->limits.checked && s->check_wall_ms;
}
