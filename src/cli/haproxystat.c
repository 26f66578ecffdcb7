/* SPDX-License-Identifier: MIT */
#include "cli/haproxystat.h"

#include "base/number.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* COLUMN(name) */
#define COLUMN_TABLE(X)                                                                            \
	X(pxname)                                                                                  \
	X(svname) X(type) X(status) X(weight) X(scur) X(stot) X(econ) X(wretr) X(wredis) X(srv_abrt)

enum column {
#define X(name) COLUMN_##name,
	COLUMN_TABLE(X)
#undef X
	    COLUMN_COUNT
};

static const char *const names[] = {
#define X(name) [COLUMN_##name] = #name,
	COLUMN_TABLE(X)
#undef X
};

enum { FIELDS_MAX = 512, TYPE_BACKEND = 1, TYPE_SERVER = 2 };

/* A field, without the quotes it may have; returns what follows it: "," or the end of a line. */
static const char *cut_field(const char *at, struct text *field)
{
	bool quoted = *at == '"';

	text_clear(field);
	for (at += quoted; *at && *at != '\n'; at++) {
		if (quoted && *at == '"' && at[1] != '"') {
			quoted = false;
			continue;
		}
		if (quoted && *at == '"')
			at++;
		if (!quoted && *at == ',')
			break;
		if (*at != '\r')
			text_addc(field, *at);
	}
	return at;
}

/* Which field of a line each column is. */
static bool find_columns(const char *header, size_t *places, struct error *err)
{
	AUTO_TEXT field = { 0 };

	for (size_t c = 0; c < COLUMN_COUNT; c++)
		places[c] = SIZE_MAX;
	for (size_t i = 0; i < FIELDS_MAX; i++) {
		header = cut_field(header, &field);
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			if (strcmp(names[c], text_str(&field)) == 0)
				places[c] = i;
		if (*header != ',')
			break;
		header++;
	}
	for (size_t c = 0; c < COLUMN_COUNT; c++)
		if (places[c] == SIZE_MAX)
			return error_set(err, "the answer to \"show stat\" has no column \"%s\"",
			                 names[c]);
	return true;
}

enum drill_state haproxystat_state(const char *status, uint64_t weight, uint32_t *ret_step)
{
	static const struct {
		const char *begin;
		enum drill_state state;
	} words[] = { { "UP", DRILL_UP },     { "no check", DRILL_UP },  { "NOLB", DRILL_NOLB },
		      { "DOWN", DRILL_DOWN }, { "DRAIN", DRILL_DRAIN },  { "MAINT", DRILL_MAINT },
		      { "OPEN", DRILL_UP },   { "INIT", DRILL_CHECKING } };

	*ret_step = 0;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i].begin);

		if (strncmp(status, words[i].begin, len) != 0)
			continue;
		if (status[len] == ' ' && strchr(status, '/') != NULL)
			*ret_step = (uint32_t)strtoul(status + len + 1, NULL, 10);
		if (words[i].state == DRILL_UP && weight == 0)
			return DRILL_DRAIN;
		return words[i].state;
	}
	return DRILL_DOWN;
}

/* A field that is empty says that there is no such number. */
static uint64_t number_of(const char *s, uint64_t none)
{
	uint64_t n;

	return number_parse(s, INT64_MAX, &n) ? n : none;
}

static void take_name(char *to, const char *s)
{
	snprintf(to, HAPROXYSTAT_NAME_MAX, "%s", s);
}

/* What one line says; its type, or 0. */
struct line {
	struct haproxystat_row row;
	uint64_t type, weight;
	char status[64];
};

static void take(struct line *l, enum column c, const char *value)
{
	switch (c) {
	case COLUMN_pxname:
		take_name(l->row.service, value);
		break;
	case COLUMN_svname:
		take_name(l->row.server, value);
		break;
	case COLUMN_type:
		l->type = number_of(value, 0);
		break;
	case COLUMN_status:
		snprintf(l->status, sizeof(l->status), "%s", value);
		break;
	case COLUMN_weight:
		l->weight = number_of(value, 1);
		break;
	case COLUMN_scur:
		l->row.scur = number_of(value, 0);
		break;
	case COLUMN_stot:
		l->row.stot = number_of(value, 0);
		break;
	case COLUMN_econ:
		l->row.econ = number_of(value, 0);
		break;
	case COLUMN_wretr:
		l->row.wretr = number_of(value, 0);
		break;
	case COLUMN_wredis:
		l->row.wredis = number_of(value, 0);
		break;
	case COLUMN_srv_abrt:
		l->row.srv_abrt = number_of(value, 0);
		break;
	case COLUMN_COUNT:
		break;
	}
}

static const char *read_line(const char *at, const size_t *places, struct line *ret)
{
	AUTO_TEXT field = { 0 };

	*ret = (struct line){ .weight = 1 };
	for (size_t i = 0; i < FIELDS_MAX; i++) {
		at = cut_field(at, &field);
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			if (places[c] == i)
				take(ret, (enum column)c, text_str(&field));
		if (*at != ',')
			break;
		at++;
	}
	at += strcspn(at, "\n");
	return at + (*at == '\n');
}

static void keep(struct haproxystat *s, const struct line *l)
{
	struct haproxystat_row *row;

	if ((l->type != TYPE_BACKEND && l->type != TYPE_SERVER) || !l->row.service[0])
		return;
	if ((s->count & (s->count - 1)) == 0)
		s->rows = mem_resize(s->rows, s->count ? 2 * s->count : 1, sizeof(s->rows[0]));
	row = &s->rows[s->count++];
	*row = l->row;
	row->state = haproxystat_state(l->status, l->weight, &row->step);
	if (l->type == TYPE_BACKEND)
		row->server[0] = '\0';
}

bool haproxystat_read(const char *csv, struct haproxystat *ret, struct error *err)
{
	static const char begin[] = "# pxname,";
	const char *at = strstr(csv, begin);
	size_t places[COLUMN_COUNT];

	*ret = (struct haproxystat){ 0 };
	if (at == NULL)
		return error_set(err, "that is no answer to \"show stat\"");
	at += strlen("# ");
	if (!find_columns(at, places, err))
		return false;
	at += strcspn(at, "\n");
	at += *at == '\n';
	while (*at && *at != '\n') {
		struct line line;

		at = read_line(at, places, &line);
		keep(ret, &line);
	}
	return true;
}

void haproxystat_release(struct haproxystat *s)
{
	free(s->rows);
	*s = (struct haproxystat){ 0 };
}

bool haproxystat_info(const char *info, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key);

	for (const char *at = info; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		if (strncmp(at, key, len) != 0 || strncmp(at + len, ": ", 2) != 0)
			continue;
		at += len + 2;
		snprintf(ret, size, "%.*s", (int)strcspn(at, "\r\n"), at);
		return true;
	}
	return false;
}
