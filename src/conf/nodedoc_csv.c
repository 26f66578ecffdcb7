/* SPDX-License-Identifier: MIT */
/* `cockroach ... --format=csv` and tsv: quoted as RFC 4180 has it, with either separator. */
#include "nodedocparts.h"

#include <string.h>

enum { FIELDS_MAX = 64 };

struct cursor {
	char *at;
	char separator;
	int line;
};

/* A quoted field from behind its first quote, in place; `c->at` moves behind its last one. */
static bool take_quoted(struct cursor *c, char **ret)
{
	char *to = c->at;

	*ret = to;
	for (; *c->at; c->at++) {
		if (*c->at == '"' && c->at[1] != '"') {
			c->at++;
			/* Nothing else may follow but the separator, which the end overwrites. */
			if (*c->at != c->separator && !strchr("\r\n", *c->at))
				return false;
			if (to < c->at)
				*to = '\0';
			return true;
		}
		c->at += *c->at == '"';
		c->line += *c->at == '\n';
		*to++ = *c->at;
	}
	return false;
}

/* Fills `ret` with one record's fields; more than fit are counted. */
static bool take_record(struct cursor *c, char *ret[static FIELDS_MAX], size_t *count)
{
	const char ends[] = { c->separator, '\r', '\n', '\0' };

	for (*count = 0;;) {
		char *field = c->at;
		char end;

		if (*c->at == '"') {
			c->at++;
			if (!take_quoted(c, &field))
				return false;
		} else {
			c->at += strcspn(c->at, ends);
		}
		if (*count < FIELDS_MAX)
			ret[*count] = field;
		++*count;
		end = *c->at;
		if (end)
			*c->at++ = '\0';
		if (end != c->separator) {
			if (end == '\r' && *c->at == '\n')
				c->at++;
			return true;
		}
	}
}

static bool take_row(struct nodedoc_reader *r, char *const *head, char *const *fields, size_t count,
                     const struct nodedoc_place *at)
{
	struct nodedoc_row row = { 0 };

	for (size_t i = 0; i < count; i++) {
		const char **cell = nodedoc_row_cell(&row, head[i]);

		if (cell)
			*cell = fields[i];
	}
	return nodedoc_add_row(r, &row, at);
}

static bool has_addresses(char *const head[], size_t count)
{
	struct nodedoc_row row = { 0 };

	for (size_t i = 0; i < count; i++) {
		const char **cell = nodedoc_row_cell(&row, head[i]);

		if (cell && (cell == &row.address || cell == &row.sql))
			return true;
	}
	return false;
}

bool nodedoc_csv(struct nodedoc_reader *r, char *text, int line, char separator)
{
	struct cursor c = { .separator = separator, .line = line };
	char *head[FIELDS_MAX], *fields[FIELDS_MAX];
	size_t columns, n;
	struct nodedoc_place at = nodedoc_line(line);

	c.at = text;
	if (!take_record(&c, head, &columns) || columns > FIELDS_MAX)
		return nodedoc_fail(r, &at, "the head is no line of column names");
	if (!has_addresses(head, columns))
		return nodedoc_no_addresses(r, line);
	while (*c.at) {
		c.line++;
		at = nodedoc_line(c.line);
		if (*c.at == '\n' || *c.at == '\r')
			break; /* what follows an empty line is a notice */
		if (!take_record(&c, fields, &n))
			return nodedoc_fail(r, &at, "a quoted field does not end as it should");
		if (n != columns)
			return nodedoc_fail(r, &at,
			                    "%zu fields where the head has %zu: is the line cut?",
			                    n, columns);
		if (!take_row(r, head, fields, n, &at))
			return false;
	}
	return true;
}
