/* SPDX-License-Identifier: MIT */
#include "base/number.h"
#include "report/eventline.h"
#include "topviewparts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct topview_look topview_look_of(const struct topview_pen *p, const struct statusjson_server *s)
{
	bool ascii = p->g->ascii;

	if (s->maint)
		return (struct topview_look){ TOPGRID_BLUE, ascii ? "-" : "\u25a0" };
	if (s->drain && s->health != STATE_DOWN)
		return (struct topview_look){ TOPGRID_CYAN, ascii ? "~" : "\u25d0" };
	switch (s->health) {
	case STATE_UP:
	case STATE_NOCHECK:
		return (struct topview_look){ TOPGRID_GREEN, ascii ? "+" : "\u25cf" };
	case STATE_NOLB:
		return (struct topview_look){ TOPGRID_YELLOW, ascii ? "~" : "\u25d0" };
	case STATE_CHECKING:
		return (struct topview_look){ TOPGRID_YELLOW, ascii ? "?" : "\u25cb" };
	case STATE_DOWN:
	case STATE_HEALTH_COUNT:
		break;
	}
	return (struct topview_look){ TOPGRID_RED, ascii ? "x" : "\u2716" };
}

/* --- checks ------------------------------------------------------------------------------- */

static void add_answer(const struct statusjson_server *s, struct text *out)
{
	struct probe_result r = { .code = PROBE_UNKNOWN };

	if (s->maint) {
		text_add(out, "not checked");
	} else if (!s->has_check) {
		text_add(out, s->health == STATE_NOCHECK ? "none" : "not yet");
	} else if (s->check_status > 0) {
		text_addf(out, "HTTP %" PRId64, s->check_status);
	} else if (probe_code_find(s->check_code, &r.code)) {
		/* What an answer said stands in the cause; that nobody answered is said here. */
		if (r.code == PROBE_L4CON || r.code == PROBE_SOCKERR)
			snprintf(r.info, sizeof(r.info), "%s", s->check_info);
		eventline_write_answer(&r, out);
	} else {
		text_add(out, s->check_words);
	}
}

/* Appends it if there is room. */
static void add_if(const struct topview_pen *p, const char *more, unsigned int width,
                   struct text *out)
{
	if (topgrid_width(p->g, text_str(out)) + topgrid_width(p->g, more) <= width)
		text_add(out, more);
}

void topview_add_check(const struct topview_pen *p, const struct statusjson_server *s,
                       unsigned int width, struct text *out)
{
	AUTO_TEXT took = { 0 };
	AUTO_TEXT age = { 0 };

	add_answer(s, out);
	if (!s->has_check || s->maint)
		return;
	text_addf(&took, " in %" PRId64 " ms", s->check_duration_ms);
	add_if(p, text_str(&took), width, out);
	if (s->check_age_s < 0)
		return;
	text_add(&age, ", ");
	topview_add_age(s->check_age_s + topmodel_age_s(p->m, p->now_ms), &age);
	text_add(&age, " ago");
	add_if(p, text_str(&age), width, out);
}

/* --- pictures ----------------------------------------------------------------------------- */

static void add_step(const struct topview_pen *p, int64_t n, int64_t most, struct text *out)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584",
		                              "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[] = { ".", ":", "-", "=", "+", "*", "#", "@" };
	const size_t steps = ARRAY_LEN(blocks);
	size_t step;

	if (n <= 0) {
		text_add(out, n < 0 ? " " : p->g->ascii ? "_" : blocks[0]);
		return;
	}
	/* What is more than nothing is never drawn as nothing. */
	step = n >= most ? steps - 1 : (size_t)(n * (int64_t)(steps - 1) / most);
	step = step == 0 ? 1 : step;
	text_add(out, p->g->ascii ? ascii[step] : blocks[step]);
}

void topview_add_spark(const struct topview_pen *p, const char *service, const char *server,
                       unsigned int width, int64_t most, struct text *out)
{
	int64_t rates[TOPMODEL_BINS];
	unsigned int count = width;

	if (count > TOPMODEL_BINS)
		count = TOPMODEL_BINS;
	topmodel_rates(p->m, service, server, p->now_ms, count, rates);
	text_addf(out, "%*s", (int)(width - count), "");
	for (unsigned int i = 0; i < count; i++)
		add_step(p, rates[i], most, out);
}

void topview_add_bar(const struct topview_pen *p, int64_t n, int64_t limit, unsigned int width,
                     struct text *out)
{
	int64_t full = limit > 0 && n > 0 ? n * (int64_t)width / limit : 0;

	if (limit <= 0)
		return;
	if (n > 0 && full == 0)
		full = 1;
	for (int64_t i = 0; i < (int64_t)width; i++)
		text_add(out, i < full      ? p->g->ascii ? "#" : "\u2588"
		              : p->g->ascii ? "."
		                            : "\u00b7");
}

/* --- numbers ------------------------------------------------------------------------------ */

void topview_add_age(int64_t seconds, struct text *out)
{
	char age[32];

	number_format_age(seconds > 0 ? (uint64_t)seconds : 0, age, sizeof(age));
	text_add(out, age);
}

void topview_add_duration(int64_t ms, struct text *out)
{
	if (ms < 1000)
		text_addf(out, "%" PRId64 " ms", ms > 0 ? ms : 0);
	else if (ms < 60000)
		text_addf(out, "%" PRId64 ".%" PRId64 "s", ms / 1000, ms % 1000 / 100);
	else
		topview_add_age(ms / 1000, out);
}

void topview_add_bytes(int64_t bytes, struct text *out)
{
	char buf[32];

	number_format_bytes(bytes > 0 ? (uint64_t)bytes : 0, buf, sizeof(buf));
	text_add(out, buf);
}

void topview_add_count(int64_t n, const char *noun, struct text *out)
{
	text_addf(out, "%" PRId64 " %s%s", n, noun, n == 1 ? "" : "s");
}

void topview_add_name(const struct statusjson_server *s, struct text *out)
{
	text_addf(out, "%s%s", s->name, s->backup ? " (b)" : "");
}
