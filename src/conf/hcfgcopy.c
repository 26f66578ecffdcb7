/* SPDX-License-Identifier: MIT */
#include "hcfgcopy.h"

enum { TIMEOUT_MAX_MS = 2073600000, SECONDS_MAX = 32767 };

const char *hcfgcopy_text(struct hcfgservice *c, const char *s)
{
	return s ? mem_arena_strdup(c->arena, s) : NULL;
}

uint32_t hcfgcopy_time(struct hcfgservice *c, const struct hcfgmodel_value *v)
{
	if (!v->set || v->n <= TIMEOUT_MAX_MS)
		return v->set ? v->n : 0;
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, v->place, "more than 24 days: it becomes 24 days");
	return TIMEOUT_MAX_MS;
}

uint32_t hcfgcopy_seconds(struct hcfgservice *c, const struct hcfgmodel_value *v)
{
	if (!v->set || v->n <= SECONDS_MAX)
		return v->set ? v->n : 0;
	hcfgnote_add(c->notes, HCFGNOTE_LOSS, v->place, "times of TCP keep-alive are at most %d s",
	             SECONDS_MAX);
	return SECONDS_MAX;
}
