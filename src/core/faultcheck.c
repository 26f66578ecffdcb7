/* SPDX-License-Identifier: MIT */
#include "core/faultcheck.h"

#include <errno.h>
#include <stdio.h>

static struct fault fault_of(const struct topology_server *s)
{
	return fault_unpack(atomic_load_explicit(&s->fault, memory_order_relaxed));
}

static uint32_t timeout_of(const struct topology_server *s)
{
	const struct settings_check *check = &s->target->check;

	return check->timeout_ms ? check->timeout_ms : check->inter_ms;
}

static bool speaks_http(const struct topology_server *s)
{
	enum settings_check_type type = s->target->check.type;

	return type == SETTINGS_CHECK_HTTP || type == SETTINGS_CHECK_HTTPS;
}

/* There and back for the connect, and once more for whoever asks something. */
static uint32_t lateness(const struct topology_server *s, uint32_t delay_ms)
{
	return (s->target->check.type == SETTINGS_CHECK_TCP ? 2 : 4) * delay_ms;
}

/* Since when, it is known by how long it took. */
static void hang(struct topology_server *s, const struct probe_result *found, int64_t now_ms)
{
	if (!s->fault_check_ms)
		s->fault_check_ms = now_ms - found->duration_ms;
}

static struct probe_result answered(const struct topology_server *s,
                                    const struct probe_result *found, uint32_t status)
{
	const struct settings_check *check = &s->target->check;
	bool good = settings_ranges_contain(&check->expect_status, status);
	struct probe_result r = { .code = good ? PROBE_L7OK : PROBE_L7STS,
		                  .draining = !good &&
		                              settings_ranges_contain(&check->drain_status, status),
		                  .status = (uint16_t)status,
		                  .duration_ms = found->duration_ms };

	snprintf(r.info, sizeof(r.info), "fault: status %u", status);
	return r;
}

bool faultcheck_apply(struct topology_server *s, const struct probe_result *found, int64_t now_ms,
                      struct probe_result *ret)
{
	struct fault f = fault_of(s);

	*ret = *found;
	switch (f.kind) {
	case FAULT_REFUSE:
		*ret = probe_failed(PROBE_L4CON, ECONNREFUSED);
		break;
	case FAULT_RESET:
		*ret = probe_failed(PROBE_L7RSP, ECONNRESET);
		break;
	case FAULT_BLACKHOLE:
		hang(s, found, now_ms);
		return false;
	case FAULT_DELAY:
		ret->duration_ms += lateness(s, f.amount);
		if (ret->duration_ms < timeout_of(s))
			break;
		hang(s, found, now_ms);
		return false;
	case FAULT_STATUS:
		if (speaks_http(s))
			*ret = answered(s, found, f.amount);
		break;
	case FAULT_NONE:
	case FAULT_THROTTLE:
	case FAULT_KIND_COUNT:
		break;
	}
	return true;
}

bool faultcheck_expired(struct topology_server *s, int64_t now_ms, struct probe_result *ret)
{
	struct fault f = fault_of(s);
	uint32_t timeout = timeout_of(s);
	bool connected = f.kind == FAULT_DELAY && 2 * f.amount < timeout;

	if (!s->fault_check_ms || now_ms - s->fault_check_ms < (int64_t)timeout)
		return false;
	s->fault_check_ms = 0;
	*ret = probe_failed(connected ? PROBE_L7TOUT : PROBE_L4TOUT, 0);
	ret->duration_ms = timeout;
	return true;
}

bool faultcheck_makes_sense(const struct topology_server *s, enum fault_kind kind,
                            struct error *err)
{
	if (kind != FAULT_STATUS || speaks_http(s))
		return true;
	return error_set(err,
	                 "%s/%s has no check over HTTP that could get a status: use refuse, or "
	                 "give it one",
	                 s->service->settings->name, s->settings->name);
}
