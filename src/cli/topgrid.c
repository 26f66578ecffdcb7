/* SPDX-License-Identifier: MIT */
#include "cli/topgrid.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One character of a string, and how many columns it takes: 0 is a mark. */
struct glyph {
	wchar_t character;
	unsigned int width;
};

static struct topgrid_cell *cell_at(const struct topgrid *g, unsigned int row, unsigned int column)
{
	return &g->cells[(size_t)row * g->columns + column];
}

static void blank(struct topgrid_cell *c, unsigned int style)
{
	*c = (struct topgrid_cell){ .text = { L' ' }, .style = style };
}

void topgrid_init(struct topgrid *g, unsigned int rows, unsigned int columns, bool ascii)
{
	*g = (struct topgrid){ .rows = rows, .columns = columns, .ascii = ascii };
	g->cells = mem_zalloc(((size_t)rows * columns + 1) * sizeof(*g->cells));
	topgrid_clear(g);
}

void topgrid_release(struct topgrid *g)
{
	free(g->cells);
	*g = (struct topgrid){ 0 };
}

void topgrid_clear(struct topgrid *g)
{
	for (size_t i = 0; i < (size_t)g->rows * g->columns; i++)
		blank(&g->cells[i], TOPGRID_PLAIN);
}

const struct topgrid_cell *topgrid_at(const struct topgrid *g, unsigned int row,
                                      unsigned int column)
{
	return cell_at(g, row, column);
}

/* --- characters --------------------------------------------------------------------------- */

/* Decodes a sequence (RFC 3629); 0 bytes if there is none at `s`. */
static size_t decode(const unsigned char *s, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t c = len < 2 ? s[0] : s[0] & (0x7fU >> len);

	if (len == 0 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return len;
}

/* What is not seen but changes how other characters are: joiners, directions, byte order. */
static bool is_hidden(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x061c || c == 0x00ad ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

/* The next character of `*s`, which moves on. */
static struct glyph take(const struct topgrid *g, const char **s)
{
	static const struct glyph unfit = { L'?', 1 };
	uint32_t c;
	size_t len = decode((const unsigned char *)*s, &c);
	int width;

	*s += len > 0 ? len : 1;
	if (len == 0 || c < ' ' || (c >= 0x7f && (c < 0xa0 || g->ascii)) || is_hidden(c))
		return unfit;
	width = c < 0x7f ? 1 : wcwidth((wchar_t)c);
	return width < 0 ? unfit : (struct glyph){ (wchar_t)c, (unsigned int)width };
}

unsigned int topgrid_width(const struct topgrid *g, const char *s)
{
	unsigned int n = 0;

	while (*s != '\0')
		n += take(g, &s).width;
	return n;
}

/* --- drawing ------------------------------------------------------------------------------ */

/* Half of a wide character does not stay when the other half is drawn over. */
static void mend(struct topgrid *g, unsigned int row, unsigned int from, unsigned int to)
{
	struct topgrid_cell *c = cell_at(g, row, from);

	if (from > 0 && c->text[0] == L'\0')
		blank(c - 1, c[-1].style);
	for (; to < g->columns && cell_at(g, row, to)->text[0] == L'\0'; to++)
		blank(cell_at(g, row, to), cell_at(g, row, to)->style);
}

static void add_mark(struct topgrid_cell *c, wchar_t mark)
{
	size_t n = wcslen(c->text);

	if (n <= TOPGRID_MARKS)
		c->text[n] = mark;
}

/* Draws at most `width` columns of `s`, which the grid has; returns how many it took. */
static unsigned int draw(struct topgrid *g, unsigned int row, unsigned int column,
                         unsigned int width, unsigned int style, const char *s)
{
	struct topgrid_cell *c = cell_at(g, row, column), *last = NULL;
	unsigned int n = 0;

	while (*s != '\0') {
		struct glyph glyph = take(g, &s);

		if (glyph.width == 0) {
			if (last != NULL)
				add_mark(last, glyph.character);
			continue;
		}
		if (n + glyph.width > width)
			break;
		last = &c[n];
		*last = (struct topgrid_cell){ .text = { glyph.character }, .style = style };
		if (glyph.width == 2)
			c[n + 1] = (struct topgrid_cell){ .style = style };
		n += glyph.width;
	}
	return n;
}

/* The columns of `width` from `column` on that the grid has. */
static unsigned int room_at(const struct topgrid *g, unsigned int row, unsigned int column,
                            unsigned int width)
{
	if (row >= g->rows || column >= g->columns)
		return 0;
	return width < g->columns - column ? width : g->columns - column;
}

void topgrid_put(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                 unsigned int style, const char *s)
{
	unsigned int have = topgrid_width(g, s), n;

	width = room_at(g, row, column, width);
	if (width == 0)
		return;
	mend(g, row, column, column + width);
	n = draw(g, row, column, have > width ? width - 1 : width, style, s);
	if (have > width)
		n += draw(g, row, column + n, 1, style, g->ascii ? "~" : "\u2026");
	for (; n < width; n++)
		blank(cell_at(g, row, column + n), style);
}

void topgrid_put_right(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                       unsigned int style, const char *s)
{
	unsigned int have = topgrid_width(g, s);
	unsigned int before;

	width = room_at(g, row, column, width);
	before = have < width ? width - have : 0;
	topgrid_put(g, row, column, before, style, "");
	topgrid_put(g, row, column + before, width - before, style, s);
}

unsigned int topgrid_add(struct topgrid *g, unsigned int row, unsigned int column,
                         unsigned int style, const char *s)
{
	unsigned int width = room_at(g, row, column, topgrid_width(g, s));

	topgrid_put(g, row, column, width, style, s);
	return column + width;
}

void topgrid_paint(struct topgrid *g, unsigned int row, unsigned int column, unsigned int width,
                   unsigned int style)
{
	width = room_at(g, row, column, width);
	for (unsigned int i = 0; i < width; i++)
		cell_at(g, row, column + i)->style |= style;
}

/* --- text --------------------------------------------------------------------------------- */

void topgrid_fold(const struct topgrid *g, const char *s, unsigned int width, struct text *out)
{
	unsigned int used = 0;

	for (s += strspn(s, " \n"); *s != '\0'; s += strspn(s, " \n")) {
		size_t len = strcspn(s, " \n");
		AUTO_TEXT word = { 0 };
		unsigned int n;

		text_addn(&word, s, len);
		n = topgrid_width(g, text_str(&word));
		if (used > 0 && used + 1 + n > width) {
			text_addc(out, '\n');
			used = 0;
		} else if (used > 0) {
			text_addc(out, ' ');
			used++;
		}
		text_add(out, text_str(&word));
		used += n;
		s += len;
	}
	text_addc(out, '\n');
}

void topgrid_encode(uint32_t c, struct text *out)
{
	if (c < 0x80) {
		text_addc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		text_addc(out, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		text_addc(out, (char)(0xe0 | c >> 12));
		text_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		text_addc(out, (char)(0xf0 | c >> 18));
		text_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		text_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	text_addc(out, (char)(0x80 | (c & 0x3f)));
}

void topgrid_write(const struct topgrid *g, struct text *out)
{
	for (unsigned int row = 0; row < g->rows; row++) {
		size_t end = out->len;

		for (unsigned int column = 0; column < g->columns; column++) {
			const wchar_t *c = cell_at(g, row, column)->text;
			bool is_blank = c[0] == L' ' && c[1] == L'\0';

			for (; *c != L'\0'; c++)
				topgrid_encode((uint32_t)*c, out);
			if (!is_blank)
				end = out->len;
		}
		if (out->len > end) {
			out->len = end;
			out->data[end] = '\0';
		}
		text_addc(out, '\n');
	}
}
