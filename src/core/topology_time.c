/* SPDX-License-Identifier: MIT */
#include "core/topology.h"

enum {
	TIME_WINDOW = 512,   /* samples: HAProxy's TIME_STATS_SAMPLES */
	TIME_FRACTION = 1024 /* parts of a millisecond in `sum`, or small times would round away */
};

void topology_time_add(struct topology_time *t, uint32_t ms)
{
	uint64_t sum = atomic_load_explicit(&t->sum, memory_order_relaxed);
	uint32_t max = atomic_load_explicit(&t->max, memory_order_relaxed);
	uint64_t next;

	do
		next = sum - sum / TIME_WINDOW + (uint64_t)ms * TIME_FRACTION;
	while (!atomic_compare_exchange_weak_explicit(&t->sum, &sum, next, memory_order_relaxed,
	                                              memory_order_relaxed));
	while (max < ms && !atomic_compare_exchange_weak_explicit(
	                       &t->max, &max, ms, memory_order_relaxed, memory_order_relaxed))
		;
}

/* base ^ n by squaring. */
static double power(double base, uint64_t n)
{
	double result = 1;

	while (n) {
		if (n % 2)
			result *= base;
		base *= base;
		n /= 2;
	}
	return result;
}

/* A window that is not full yet has seen only a part of its weight, which is made up for. */
uint32_t topology_time_average(struct topology_time *t, uint64_t samples)
{
	double sum = (double)atomic_load_explicit(&t->sum, memory_order_relaxed);
	double seen = 1 - power(1 - 1.0 / TIME_WINDOW, samples);

	if (!samples)
		return 0;
	return (uint32_t)(sum / TIME_FRACTION / TIME_WINDOW / seen + 0.5);
}
