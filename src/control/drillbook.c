/* SPDX-License-Identifier: MIT */
#include "drillbookparts.h"

#include "base/tick.h"

#include <stdlib.h>
#include <string.h>

struct drillbook *drillbook_new(const struct topology *topology)
{
	struct drillbook *b = mem_zalloc(sizeof(*b));

	b->topology = topology;
	b->begin_ms = tick_ms();
	b->offset_ms = tick_wall_ms() - b->begin_ms;
	b->notes = mem_zalloc(DRILLBOOK_EVENTS * sizeof(b->notes[0]));
	drillbook_series_prepare(b);
	return b;
}

void drillbook_free(struct drillbook *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->row_count; i++) {
		for (size_t k = 0; k < DRILL_SERIES_COUNT; k++)
			free(b->rows[i]->at[k]);
		free(b->rows[i]->bins);
		free(b->rows[i]);
	}
	free(b->rows);
	free(b->notes);
	free(b);
}

/* --- drills ------------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789-_.";
	size_t len = strlen(name);

	/* "-x" would be an option, and ".." a folder. */
	return len > 0 && len < DRILLBOOK_NAME_MAX && strspn(name, allowed) == len &&
	       name[0] != '-' && name[0] != '.';
}

static struct drillbook_drill *running(struct drillbook *b)
{
	struct drillbook_drill *d = b->drill_count ? &b->drills[b->drill_count - 1] : NULL;

	return d && !d->to_ms ? d : NULL;
}

const struct drillbook_drill *drillbook_stop(struct drillbook *b)
{
	struct drillbook_drill *d = running(b);

	if (d)
		d->to_ms = tick_ms();
	return d;
}

bool drillbook_start(struct drillbook *b, const char *name, struct error *err)
{
	if (!is_name(name))
		return error_set(err,
		                 "\"%.80s\" cannot be the name of a drill: use 1 to %d letters, "
		                 "digits, '-', '_' and '.', not '-' or '.' first",
		                 name, DRILLBOOK_NAME_MAX - 1);
	if (strcmp(name, "last") == 0)
		return error_set(err, "\"last\" means a span of time: choose another name");
	if (drillbook_find(b, name))
		return error_set(err, "there is a drill \"%s\" already: choose another name", name);
	drillbook_stop(b);
	if (b->drill_count == DRILLBOOK_DRILLS)
		memmove(&b->drills[0], &b->drills[1], --b->drill_count * sizeof(b->drills[0]));
	b->drills[b->drill_count] = (struct drillbook_drill){ .from_ms = tick_ms() };
	memcpy(b->drills[b->drill_count++].name, name, strlen(name) + 1);
	return true;
}

int64_t drillbook_offset_ms(const struct drillbook *b)
{
	return b->offset_ms;
}

size_t drillbook_count(const struct drillbook *b)
{
	return b->drill_count;
}

const struct drillbook_drill *drillbook_at(const struct drillbook *b, size_t i)
{
	return &b->drills[i];
}

const struct drillbook_drill *drillbook_find(const struct drillbook *b, const char *name)
{
	for (size_t i = 0; i < b->drill_count; i++)
		if (strcmp(b->drills[i].name, name) == 0)
			return &b->drills[i];
	return NULL;
}
