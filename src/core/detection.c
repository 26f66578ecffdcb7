/* SPDX-License-Identifier: MIT */
#include "core/detection.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The status of a CockroachDB node that drains. */
enum { DRAIN_STATUS = 503 };

static uint64_t late(uint64_t ms)
{
	return ms * (100 + DETECTION_JITTER_PERCENT) / 100;
}

static uint64_t early(uint64_t ms)
{
	return ms * (100 - DETECTION_JITTER_PERCENT) / 100;
}

static bool speaks_http(const struct settings_check *c)
{
	return c->type == SETTINGS_CHECK_HTTP || c->type == SETTINGS_CHECK_HTTPS;
}

/*
 * Until the last of `answers` in a row, each of which takes at most `slow_ms`, and in the best case
 * `quick_ms`.
 */
static struct detection_span wait_for(const struct detection *d, uint32_t answers,
                                      uint64_t quick_ms, uint64_t slow_ms)
{
	uint64_t gaps = (uint64_t)(answers - 1) * d->fast_ms;

	return (struct detection_span){
		.best_ms = early(gaps) + answers * quick_ms,
		.typical_ms = d->inter_ms / 2 + gaps + answers * quick_ms,
		.worst_ms = late(d->inter_ms) + late(gaps) + answers * slow_ms,
	};
}

/* A check that is under way when the server returns may last its whole time-out yet. */
static struct detection_span wait_for_return(const struct detection *d)
{
	uint64_t gaps = (uint64_t)(d->rise - 1) * d->fast_ms;

	return (struct detection_span){
		.best_ms = early(gaps),
		.typical_ms = d->down_ms / 2 + gaps,
		.worst_ms = d->timeout_ms + late(d->down_ms) + late(gaps),
	};
}

const char *detection_path(const struct settings_check *check)
{
	if (!speaks_http(check))
		return NULL;
	for (size_t i = 0; i < check->steps.count; i++)
		if (check->steps.at[i].kind == SETTINGS_STEP_SEND)
			return check->steps.at[i].path;
	return check->steps.count ? "/" : check->path;
}

static bool asks_for_readiness(const struct settings_check *check)
{
	const char *path = detection_path(check);

	return path && strstr(path, "ready=");
}

/* Types that only connect are answered by the kernel, whatever the process does. */
static bool is_answered_by_process(const struct settings_check *check)
{
	return check->type != SETTINGS_CHECK_TCP || check->steps.count || check->tls;
}

struct detection detection_of(const struct settings_check *check)
{
	uint32_t inter = check->inter_ms ? check->inter_ms : 1;
	struct detection d = {
		.checked = check->type != SETTINGS_CHECK_NONE,
		.inter_ms = inter,
		.fast_ms = check->fastinter_ms ? check->fastinter_ms : inter,
		.down_ms = check->downinter_ms ? check->downinter_ms : inter,
		.timeout_ms = check->timeout_ms ? check->timeout_ms : inter,
		.rise = check->rise ? check->rise : 1,
		.fall = check->fall ? check->fall : 1,
	};

	if (!d.checked)
		return d;
	d.sees_hang = is_answered_by_process(check);
	d.sees_drain = asks_for_readiness(check);
	d.drain_answers = settings_ranges_contain(&check->drain_status, DRAIN_STATUS) ? 1 : d.fall;
	d.refused = wait_for(&d, d.fall, 0, 0);
	d.silent = wait_for(&d, d.fall, d.timeout_ms, d.timeout_ms);
	d.drain = wait_for(&d, d.drain_answers, 0, d.timeout_ms);
	d.drain_down = wait_for(&d, d.fall, 0, d.timeout_ms);
	d.back = wait_for_return(&d);
	return d;
}

const char *detection_format(uint64_t ms, char buf[static DETECTION_TEXT_MAX])
{
	if (!ms)
		snprintf(buf, DETECTION_TEXT_MAX, "0s");
	else if (ms < 1000)
		snprintf(buf, DETECTION_TEXT_MAX, "%" PRIu64 "ms", ms);
	else if (ms < 60000 && ms % 1000 >= 100)
		snprintf(buf, DETECTION_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "s", ms / 1000,
		         ms % 1000 / 100);
	else
		number_format_duration(ms / 1000 * 1000, buf, DETECTION_TEXT_MAX);
	return buf;
}
