/* SPDX-License-Identifier: MIT */
#include "probes.h"

#include <stdio.h>

enum probe_verdict probe_decide(struct probe *p, enum probe_code code, const char *info, size_t len)
{
	p->result.code = code;
	snprintf(p->result.info, sizeof(p->result.info), "%.*s", info ? (int)len : 0,
	         info ? info : "");
	return PROBE_DECIDED;
}

enum probe_verdict probe_decide_failed(struct probe *p, const struct probe_rule *r,
                                       enum probe_code code, const char *info)
{
	const char *comment = r->draft.step.comment;

	p->result.code = code;
	snprintf(p->result.info, sizeof(p->result.info), "%s%s%s", info,
	         comment ? " comment: " : "", comment ? comment : "");
	return PROBE_DECIDED;
}
