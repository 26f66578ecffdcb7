/* SPDX-License-Identifier: MIT */
#include "pools.h"

#include <assert.h>
#include <string.h>

void pool_lots_clear(struct pool_lots *l, size_t count)
{
	l->shift = 0;
	while (count > (size_t)POOL_LOTS << l->shift)
		l->shift++;
	memset(l->sum, 0, ((count + ((size_t)1 << l->shift) - 1) >> l->shift) * sizeof(l->sum[0]));
}

void pool_lots_add(struct pool_lots *l, size_t server, uint32_t share)
{
	l->sum[server >> l->shift] += share;
}

size_t pool_lots_find(const struct pool_lots *l, uint64_t *place)
{
	size_t lot = 0;

	while (*place >= l->sum[lot]) {
		*place -= l->sum[lot++];
		assert(lot < POOL_LOTS);
	}
	return lot << l->shift;
}

uint64_t pool_lots_before(const struct pool_lots *l, size_t server, size_t *ret_first)
{
	size_t own = server >> l->shift;
	uint64_t before = 0;

	for (size_t lot = 0; lot < own; lot++)
		before += l->sum[lot];
	*ret_first = own << l->shift;
	return before;
}

size_t pool_lots_end(const struct pool_lots *l, size_t first)
{
	return first + ((size_t)1 << l->shift);
}
