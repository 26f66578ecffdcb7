/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_CONDITION_H
#define CONTROL_CONDITION_H

#include "base/text.h"
#include "core/topology.h"

/*
 * How the process is, in one line for the service manager (`systemctl status`):
 * "psql 3/3 up, dbconsole 2/3 up; 120 sessions", "draining: 12 sessions left".
 */
struct condition {
	const struct topology *topology;
	uint32_t sessions;
	bool accepting, stopping;
	uint32_t left; /* sessions of processes that this one has followed */
};

void condition_write(const struct condition *c, struct text *out);

/* Sends it as STATUS= if it is another one than last time, which `last` keeps. */
void condition_tell(const struct condition *c, struct text *last);

#endif
