/* SPDX-License-Identifier: MIT */
#include "whywords.h"

#include "base/number.h"

#include <inttypes.h>

void whywords_add_age(struct text *out, int64_t ms)
{
	char age[32];

	number_format_age(ms > 0 ? (uint64_t)ms / 1000 : 0, age, sizeof(age));
	text_add(out, age);
}

void whywords_add_wait(struct text *out, int64_t ms)
{
	if (ms < 1000)
		text_addf(out, "%d ms", ms > 0 ? (int)ms : 0);
	else if (ms < 60000)
		text_addf(out, "%d.%ds", (int)(ms / 1000), (int)(ms % 1000 / 100));
	else
		whywords_add_age(out, ms);
}

void whywords_add_count(struct text *out, uint32_t n, const char *noun)
{
	text_addf(out, "%" PRIu32 " %s%s", n, noun, n == 1 ? "" : "s");
}

void whywords_add_order(struct text *out, const struct why_facts *f, const char *command)
{
	text_addf(out, "`sluice %s %s/%s`", command, f->service, f->server);
}

void whywords_add_ctl(struct text *out, const struct why_facts *f, const char *command,
                      const char *after)
{
	text_addf(out, "`sluice ctl \"%s %s/%s%s\"`", command, f->service, f->server, after);
}

const char *whywords_who(const struct why_facts *f)
{
	return f->agent ? "a command or its agent" : "a command";
}

uint32_t whywords_failures_left(const struct why_facts *f)
{
	return f->state.counter > f->limits.rise ? f->state.counter - f->limits.rise + 1U : 1;
}

uint32_t whywords_passes_left(const struct why_facts *f)
{
	unsigned int done = f->state.health == STATE_NOLB ? f->state.recovered : f->state.counter;

	return done < f->limits.rise ? f->limits.rise - done : 1;
}

bool whywords_is_checked(const struct why_facts *f)
{
	return f->limits.checked && !f->check_disabled;
}

bool whywords_is_full(const struct why_facts *f)
{
	return f->maxconn && f->sessions >= f->maxconn;
}
