/* SPDX-License-Identifier: MIT */
#include "base/processors.h"

#include <sched.h>

uint32_t processors_count(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}
