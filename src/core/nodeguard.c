/* SPDX-License-Identifier: MIT */
#include "core/nodeguard.h"

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t add_byte(uint64_t mark, unsigned char byte)
{
	return (mark ^ byte) * UINT64_C(0x100000001b3);
}

static uint64_t add_text(uint64_t mark, const char *s)
{
	for (; *s; s++)
		mark = add_byte(mark, (unsigned char)*s);
	return add_byte(mark, 0);
}

static uint64_t mark_of(const struct settings_nodes *nodes)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < nodes->count; i++) {
		mark = add_text(mark, nodes->at[i].name);
		mark = add_text(mark, nodes->at[i].host);
		mark = add_byte(mark, (unsigned char)(nodes->at[i].sql_port >> 8));
		mark = add_byte(mark, (unsigned char)nodes->at[i].sql_port);
	}
	return mark;
}

enum nodeguard_verdict nodeguard_judge(struct nodeguard *g, uint64_t round,
                                       const struct settings_nodes *known,
                                       const struct settings_nodes *told, uint32_t minimum)
{
	uint64_t mark;

	if (told->count < minimum)
		return NODEGUARD_FEW;
	if (2 * told->count >= known->count) {
		*g = (struct nodeguard){ 0 };
		return NODEGUARD_TAKE;
	}
	mark = mark_of(told);
	if (!g->seen || g->mark != mark || round > g->round + 1)
		*g = (struct nodeguard){ .mark = mark, .round = round, .seen = 1 };
	else if (round != g->round)
		*g = (struct nodeguard){ .mark = mark, .round = round, .seen = g->seen + 1 };
	if (g->seen < NODEGUARD_ROUNDS)
		return NODEGUARD_SHRUNK;
	*g = (struct nodeguard){ 0 };
	return NODEGUARD_TAKE;
}
