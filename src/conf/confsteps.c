/* SPDX-License-Identifier: MIT */
#include "confsteps.h"

#include <string.h>

static bool is_text(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x7f ||
		    ((unsigned char)s[i] < 0x20 && !strchr("\r\n\t", s[i])) || !s[i])
			return false;
	return true;
}

static void make_expect(const struct settings_step *s, struct draft_step_expect *e)
{
	struct draft_bytes bytes = { s->bytes, s->len };

	e->s = *s;
	switch (s->match) {
	case SETTINGS_MATCH_STRING:
		e->string = bytes;
		return;
	case SETTINGS_MATCH_BINARY:
		e->hex = bytes;
		return;
	case SETTINGS_MATCH_REGEX:
		e->regex = s->bytes;
		return;
	case SETTINGS_MATCH_BINARY_REGEX:
		e->hex_regex = s->bytes;
		return;
	case SETTINGS_MATCH_STATUS:
		return;
	case SETTINGS_MATCH_STATUS_REGEX:
		e->status_regex = s->bytes;
		return;
	case SETTINGS_MATCH_HEADER:
		e->header = s->name;
		e->value = s->bytes;
		return;
	}
}

static void make_step(const struct settings_step *s, const config_setting_t *place,
                      struct draft_step *d)
{
	struct draft_bytes bytes = { s->bytes, s->len };

	d->comment = s->comment;
	if (s->kind == SETTINGS_STEP_CONNECT) {
		d->connect.at = place;
		d->connect.s = *s;
	} else if (s->kind == SETTINGS_STEP_EXPECT) {
		d->expect.at = place;
		make_expect(s, &d->expect);
	} else if (s->method) {
		d->request.at = place;
		d->request.s = *s;
	} else if (is_text(s->bytes, s->len)) {
		d->send = bytes;
	} else {
		d->send_hex = bytes;
	}
}

void confsteps_make(const struct settings_steps *steps, const config_setting_t *place,
                    struct mem_arena *arena, struct draft_list *ret)
{
	struct draft_step *to = mem_arena_zalloc(arena, steps->count * sizeof(*to));

	for (size_t i = 0; i < steps->count; i++)
		make_step(&steps->at[i], place, &to[i]);
	*ret = (struct draft_list){ .at = to, .count = steps->count };
}
