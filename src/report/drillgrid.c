/* SPDX-License-Identifier: MIT */
#include "drillgrid.h"

#include "plain.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* --- filling ------------------------------------------------------------------------------ */

void drillgrid_column(struct drillgrid *g, const char *head, bool right)
{
	assert(g->column_count < DRILLGRID_COLUMNS_MAX && g->cell_count == 0);
	g->columns[g->column_count].head = head;
	g->columns[g->column_count++].right = right;
}

void drillgrid_add(struct drillgrid *g, const char *s)
{
	if (g->cell_count == g->room) {
		size_t room = g->room > 0 ? g->room * 2 : 64;
		const char **more = mem_arena_zalloc(&g->arena, room * sizeof(*more));

		if (g->cell_count > 0)
			memcpy(more, g->cells, g->cell_count * sizeof(*more));
		g->cells = more;
		g->room = room;
	}
	g->cells[g->cell_count++] = mem_arena_strdup(&g->arena, s);
}

void drillgrid_take(struct drillgrid *g, struct text *t)
{
	drillgrid_add(g, text_str(t));
	text_clear(t);
}

size_t drillgrid_rows(const struct drillgrid *g)
{
	return g->column_count > 0 ? g->cell_count / g->column_count : 0;
}

const char *drillgrid_cell(const struct drillgrid *g, size_t row, size_t column)
{
	return g->cells[row * g->column_count + column];
}

void drillgrid_release(struct drillgrid *g)
{
	mem_arena_release(&g->arena);
	*g = (struct drillgrid){ 0 };
}

/* --- escaping ----------------------------------------------------------------------------- */

/* Underscores in a word mean nothing in GitHub's Markdown; "#" and the like only begin a line. */
static bool means_something(const char *text, const char *p)
{
	if (*p == '_')
		return p == text || !isalnum((unsigned char)p[-1]) || !isalnum((unsigned char)p[1]);
	if (p == text && strchr("#+-=>", *p) != NULL)
		return p[1] != '\0';
	return strchr("\\`*[]<>|~&", *p) != NULL;
}

void drillgrid_escape_markdown(struct text *out, const char *s)
{
	AUTO_TEXT clean = { 0 };

	plain_add(&clean, s);
	for (const char *p = text_str(&clean); *p != '\0'; p++) {
		if (means_something(text_str(&clean), p))
			text_addc(out, '\\');
		text_addc(out, *p);
	}
}

/* --- writing ------------------------------------------------------------------------------ */

static const char *markdown_cell(const struct drillgrid *g, size_t row, size_t column,
                                 struct text *buf)
{
	const char *s = drillgrid_cell(g, row, column);

	/* A cell that is just a plus or digits needs no help. */
	text_clear(buf);
	if (s[0] == '+' || (s[0] == '-' && s[1] != '-')) {
		text_addc(buf, s[0]);
		s++;
	}
	drillgrid_escape_markdown(buf, s);
	return text_str(buf);
}

static size_t width_of(const struct drillgrid *g, size_t column, bool markdown)
{
	size_t width = plain_width(g->columns[column].head);
	AUTO_TEXT buf = { 0 };

	for (size_t r = 0; r < drillgrid_rows(g); r++) {
		size_t n = plain_width(markdown ? markdown_cell(g, r, column, &buf)
		                                : drillgrid_cell(g, r, column));

		if (n > width)
			width = n;
	}
	return width;
}

static void add_padded(struct text *out, const char *s, size_t width, bool right)
{
	if (right)
		plain_add_right(out, s, width);
	else
		plain_add_left(out, s, width);
}

static void write_rule(const struct drillgrid *g, const size_t *widths, struct text *out)
{
	text_addc(out, '|');
	for (size_t c = 0; c < g->column_count; c++) {
		text_addc(out, ' ');
		for (size_t i = g->columns[c].right; i < widths[c]; i++)
			text_addc(out, '-');
		text_add(out, g->columns[c].right ? ": |" : " |");
	}
	text_addc(out, '\n');
}

void drillgrid_write_markdown(const struct drillgrid *g, struct text *out)
{
	size_t widths[DRILLGRID_COLUMNS_MAX];
	AUTO_TEXT buf = { 0 };

	text_addc(out, '|');
	for (size_t c = 0; c < g->column_count; c++) {
		widths[c] = width_of(g, c, true);
		if (widths[c] < 3)
			widths[c] = 3;
		text_addc(out, ' ');
		add_padded(out, g->columns[c].head, widths[c], g->columns[c].right);
		text_add(out, " |");
	}
	text_addc(out, '\n');
	write_rule(g, widths, out);
	for (size_t r = 0; r < drillgrid_rows(g); r++) {
		text_addc(out, '|');
		for (size_t c = 0; c < g->column_count; c++) {
			text_addc(out, ' ');
			add_padded(out, markdown_cell(g, r, c, &buf), widths[c],
			           g->columns[c].right);
			text_add(out, " |");
		}
		text_addc(out, '\n');
	}
}

void drillgrid_write_html(const struct drillgrid *g, const char *class, struct text *out)
{
	text_addf(out, "<table class=\"%s\">\n<thead><tr>", class);
	for (size_t c = 0; c < g->column_count; c++) {
		text_addf(out, "<th%s>", g->columns[c].right ? " class=\"n\"" : "");
		plain_add_html(out, g->columns[c].head);
		text_add(out, "</th>");
	}
	text_add(out, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < drillgrid_rows(g); r++) {
		text_add(out, "<tr>");
		for (size_t c = 0; c < g->column_count; c++) {
			text_addf(out, "<td%s data-label=\"",
			          g->columns[c].right ? " class=\"n\"" : "");
			plain_add_html(out, g->columns[c].head);
			text_add(out, "\">");
			plain_add_html(out, drillgrid_cell(g, r, c));
			text_add(out, "</td>");
		}
		text_add(out, "</tr>\n");
	}
	text_add(out, "</tbody>\n</table>\n");
}

static void add_line(const struct drillgrid *g, const size_t *widths, unsigned int width,
                     size_t row, struct text *out)
{
	size_t used = 0;

	for (size_t c = 0; c < g->column_count; c++) {
		bool last = c + 1 == g->column_count;
		const char *s = row == SIZE_MAX ? g->columns[c].head : drillgrid_cell(g, row, c);
		size_t n = last && !g->columns[c].right ? plain_width(s) : widths[c];

		text_add(out, "  ");
		used += 2;
		if (last && used + n > width)
			n = width > used ? width - used : 1;
		add_padded(out, s, n, g->columns[c].right);
		used += n;
	}
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	text_addc(out, '\n');
}

size_t drillgrid_width(const struct drillgrid *g)
{
	size_t width = 0;

	for (size_t c = 0; c < g->column_count; c++)
		width += 2 + width_of(g, c, false);
	return width;
}

void drillgrid_write_lines(const struct drillgrid *g, unsigned int width, struct text *out)
{
	size_t widths[DRILLGRID_COLUMNS_MAX];

	for (size_t c = 0; c < g->column_count; c++)
		widths[c] = width_of(g, c, false);
	add_line(g, widths, width, SIZE_MAX, out);
	for (size_t r = 0; r < drillgrid_rows(g); r++)
		add_line(g, widths, width, r, out);
}
