/* SPDX-License-Identifier: MIT */
/*
 * The tables and records of `cockroach node status`.  Around them may stand notices, and a table
 * ends with "(3 rows)".
 */
#include "nodedocparts.h"

#include "base/number.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS_MAX = 64 };

const char **nodedoc_row_cell(struct nodedoc_row *row, const char *column)
{
	static const struct {
		const char *name;
		size_t offset;
	} columns[] = {
		{ "id", offsetof(struct nodedoc_row, id) },
		{ "node_id", offsetof(struct nodedoc_row, id) },
		{ "address", offsetof(struct nodedoc_row, address) },
		{ "sql_address", offsetof(struct nodedoc_row, sql) },
		{ "http_address", offsetof(struct nodedoc_row, http) },
		{ "locality", offsetof(struct nodedoc_row, locality) },
		{ "membership", offsetof(struct nodedoc_row, membership) },
		{ "is_decommissioning", offsetof(struct nodedoc_row, decommissioning) },
	};

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (strcmp(column, columns[i].name) == 0)
			return (const char **)(void *)((char *)row + columns[i].offset);
	return NULL;
}

static const char *filled(const char *cell)
{
	return cell && *cell && strcmp(cell, "NULL") != 0 ? cell : NULL;
}

static enum nodedoc_fate judge(const struct nodedoc_row *row)
{
	const char *membership = filled(row->membership);

	if (membership && strcasecmp(membership, "decommissioned") == 0)
		return NODEDOC_LEFT;
	if (membership && strcasecmp(membership, "decommissioning") == 0)
		return NODEDOC_LEAVING;
	/* Before there was a membership. */
	if (!membership && row->decommissioning && strcasecmp(row->decommissioning, "true") == 0)
		return NODEDOC_LEAVING;
	return NODEDOC_STAYS;
}

bool nodedoc_no_addresses(struct nodedoc_reader *r, int line)
{
	struct nodedoc_place at = nodedoc_line(line);

	return nodedoc_fail(r, &at,
	                    "there are no addresses in it: take the output of `cockroach "
	                    "node status --format=json`");
}

bool nodedoc_add_row(struct nodedoc_reader *r, const struct nodedoc_row *row,
                     const struct nodedoc_place *at)
{
	struct nodedoc_node n = {
		.sql = filled(row->sql) ? row->sql : filled(row->address),
		.http = filled(row->http),
		.locality = filled(row->locality),
		.fate = judge(row),
	};

	if (!row->id || !number_parse(row->id, INT32_MAX, &n.number) || !n.number)
		return nodedoc_fail(r, at, "\"%.60s\" is not the number of a node",
		                    row->id ? row->id : "");
	return nodedoc_add(r, &n, at);
}

char *nodedoc_trim(char *s)
{
	size_t len;

	s += strspn(s, " \t\r");
	len = strlen(s);
	while (len && strchr(" \t\r", s[len - 1]))
		s[--len] = '\0';
	return s;
}

char *nodedoc_next_line(char **text)
{
	char *line = *text;
	size_t len = strcspn(line, "\n");

	if (!*line)
		return NULL;
	*text = line + len + (line[len] == '\n');
	line[len] = '\0';
	return line;
}

/* "  1 | a | b" into its cells, trimmed; returns their number, which may be more than fit. */
static size_t split(char *line, char *cells[static COLUMNS_MAX])
{
	size_t n = 0;

	while (line) {
		char *bar = strchr(line, '|');

		if (bar)
			*bar = '\0';
		if (n < COLUMNS_MAX)
			cells[n] = nodedoc_trim(line);
		n++;
		line = bar ? bar + 1 : NULL;
	}
	return n;
}

/* "+----+-----+" or "-----+-----" */
static bool is_rule(const char *line)
{
	return *line && !line[strspn(line, "+- \t\r")] && strstr(line, "--");
}

/* "(3 rows)": the table is over, and whole if that is as many as there were. */
static bool is_end(const char *line, size_t *ret_rows)
{
	char digits[8] = "";
	uint64_t rows;
	size_t len;

	line += strspn(line, " \t");
	len = *line == '(' ? strspn(line + 1, "0123456789") : 0;
	if (!len || len >= sizeof(digits) || strncmp(line + 1 + len, " row", 4) != 0)
		return false;
	memcpy(digits, line + 1, len);
	if (!number_parse(digits, SIZE_MAX, &rows))
		return false;
	*ret_rows = (size_t)rows;
	return true;
}

static bool check_end(struct nodedoc_reader *r, size_t rows, int line)
{
	struct nodedoc_place at = nodedoc_line(line);

	if (rows == r->count)
		return true;
	return nodedoc_fail(r, &at, "the table has %zu rows of %zu: some are missing", r->count,
	                    rows);
}

static bool take_row(struct nodedoc_reader *r, char *head[], size_t columns, char *line, int number)
{
	struct nodedoc_place at = nodedoc_line(number);
	struct nodedoc_row row = { 0 };
	char *cells[COLUMNS_MAX];
	size_t n = split(line, cells);

	if (n != columns)
		return nodedoc_fail(r, &at, "%zu columns where the head has %zu: is the line cut?",
		                    n, columns);
	for (size_t i = 0; i < n; i++) {
		const char **cell = nodedoc_row_cell(&row, head[i]);

		if (cell)
			*cell = cells[i];
	}
	if (!row.address && !row.sql)
		return nodedoc_no_addresses(r, number);
	return nodedoc_add_row(r, &row, &at);
}

bool nodedoc_table(struct nodedoc_reader *r, char *text, int line)
{
	struct nodedoc_place at = nodedoc_line(line);
	char *head[COLUMNS_MAX], *s = nodedoc_next_line(&text);
	size_t columns = s ? split(s, head) : 0;

	if (columns > COLUMNS_MAX)
		return nodedoc_fail(r, &at, "there are more than %d columns", COLUMNS_MAX);
	while ((s = nodedoc_next_line(&text))) {
		size_t rows;

		line++;
		if (is_rule(s))
			continue;
		if (is_end(s, &rows))
			return check_end(r, rows, line);
		if (!*nodedoc_trim(s))
			break;
		if (!take_row(r, head, columns, s, line))
			return false;
	}
	return true;
}

/* "-[ RECORD 1 ]", then "address | localhost:26257" a line. */
bool nodedoc_records(struct nodedoc_reader *r, char *text, int line)
{
	struct nodedoc_row row = { 0 };
	struct nodedoc_place at = nodedoc_line(line);
	bool begun = false;
	char *s;

	for (; (s = nodedoc_next_line(&text)); line++) {
		char *cells[COLUMNS_MAX];
		const char **cell;

		if (strncmp(s, "-[ RECORD", 9) == 0) {
			if (begun && !nodedoc_add_row(r, &row, &at))
				return false;
			begun = true;
			row = (struct nodedoc_row){ 0 };
			at = nodedoc_line(line);
			continue;
		}
		if (split(s, cells) != 2)
			continue;
		cell = nodedoc_row_cell(&row, cells[0]);
		if (cell)
			*cell = cells[1];
	}
	if (begun && !row.address && !row.sql)
		return nodedoc_no_addresses(r, line - 1);
	return !begun || nodedoc_add_row(r, &row, &at);
}
