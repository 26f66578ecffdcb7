/* SPDX-License-Identifier: MIT */
#include "cli/topcmd.h"

#include "base/number.h"
#include "base/tick.h"
#include "cli/client.h"
#include "cli/options.h"
#include "cli/topfeed.h"
#include "cli/topkeys.h"
#include "cli/topscreen.h"

#include <inttypes.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
	INTERVAL_MS = 1000,
	INTERVAL_MIN_MS = 100,
	INTERVAL_MAX_MS = 3600000,
	DRAW_PAUSE_MS = 50,   /* between two drawings that no key asked for */
	DRAW_LEAST_MS = 1000, /* ages go on even if nothing comes */
	SIZE_MAX_CELLS = 1000
};

/* What was asked for on the command line. */
struct wishes {
	const char *path;
	unsigned int rows, columns; /* of --size; 0: not given */
	int64_t interval_ms;
	enum topstate_tab tab;
	bool once, ascii;
	struct topscreen_options screen;
};

struct run {
	struct topmodel model;
	struct topstate state;
	struct topfeed feed;
	struct topgrid grid;
	struct topview_place place;
	bool ascii;
	bool dirty, pressed; /* something is to be drawn; at once */
	int64_t drawn_ms;
	bool over;
	int number; /* of the signal that ended it, 0: none */
};

/* --- options ------------------------------------------------------------------------------ */

/* "80x24" */
static bool parse_size(const char *value, struct wishes *w, struct error *err)
{
	const char *x = strchr(value, 'x');
	char columns[8] = "";
	uint64_t wide, high;

	if (x != NULL && (size_t)(x - value) < sizeof(columns)) {
		memcpy(columns, value, (size_t)(x - value));
		if (number_parse(columns, SIZE_MAX_CELLS, &wide) &&
		    number_parse(x + 1, SIZE_MAX_CELLS, &high) && wide > 0 && high > 0) {
			w->columns = (unsigned int)wide;
			w->rows = (unsigned int)high;
			return true;
		}
	}
	return error_set(err, "--size \"%.80s\": write columns and rows, at most %d, as 80x24",
	                 value, (int)SIZE_MAX_CELLS);
}

static bool parse_interval(const char *value, struct wishes *w, struct error *err)
{
	uint64_t ms;

	if (!options_duration("interval", value, &ms, err))
		return false;
	if (ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS)
		return error_set(err, "--interval \"%.80s\": 100ms to 1h", value);
	w->interval_ms = (int64_t)ms;
	return true;
}

static bool parse_tab(const char *value, struct wishes *w, struct error *err)
{
	return topstate_find_tab(value, &w->tab) ||
	       error_set(err, "--tab \"%.80s\": services, sessions, events or process", value);
}

/* Terminals whose fonts have no more than ASCII, or of which nobody knows. */
static bool is_plain_terminal(void)
{
	static const char *const names[] = { "vt", "linux", "ansi", "dumb", "cons", "sun" };
	const char *term = secure_getenv("TERM");

	for (size_t i = 0; term != NULL && i < ARRAY_LEN(names); i++)
		if (strncmp(term, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool read_options(const struct console *c, const struct options *o, struct wishes *w,
                         struct error *err)
{
	const char *size = options_value(o, "size");
	const char *interval = options_value(o, "interval");
	const char *tab = options_value(o, "tab");

	*w = (struct wishes){ .path = client_path(options_value(o, "socket")),
		              .interval_ms = INTERVAL_MS,
		              .once = options_has(o, "once"),
		              .screen = { .colour = c->colour, .mouse = options_has(o, "mouse") } };
	w->ascii = c->ascii || options_has(o, "ascii") || (!w->once && is_plain_terminal());
	if (size != NULL && !w->once)
		return error_set(err, "--size is for --once; a terminal has its own");
	return (size == NULL || parse_size(size, w, err)) &&
	       (interval == NULL || parse_interval(interval, w, err)) &&
	       (tab == NULL || parse_tab(tab, w, err));
}

/* --- once --------------------------------------------------------------------------------- */

static unsigned int variable(const char *name)
{
	const char *value = secure_getenv(name);
	uint64_t n;

	return value != NULL && number_parse(value, SIZE_MAX_CELLS, &n) ? (unsigned int)n : 0;
}

/* As COLUMNS and LINES say, else as the terminal is, else 80x24. */
static void choose_size(const struct console *c, struct wishes *w)
{
	struct winsize size = { 0 };

	if (w->rows > 0)
		return;
	(void)ioctl(fileno(c->out), TIOCGWINSZ, &size);
	w->columns = variable("COLUMNS");
	w->rows = variable("LINES");
	if (w->columns == 0)
		w->columns = size.ws_col > 0 ? size.ws_col : 80;
	if (w->rows == 0)
		w->rows = size.ws_row > 0 ? size.ws_row : 24;
}

/* Until all that the tab shows has come, or the daemon does not answer. */
static bool fetch(struct run *r, struct error *err)
{
	for (;;) {
		struct pollfd p;
		int64_t now = tick_ms();

		(void)topfeed_step(&r->feed, &r->model, &r->state, now);
		if (r->model.link == TOPMODEL_LOST)
			return error_set(err, "%s", r->model.why);
		if (r->model.link == TOPMODEL_LIVE && r->feed.wanted == 0 &&
		    !toplink_is_busy(&r->feed.link))
			return true;
		p = (struct pollfd){ .fd = r->feed.link.fd,
			             .events = toplink_events(&r->feed.link) };
		poll(&p, 1, (int)topfeed_wait_ms(&r->feed, now));
	}
}

static int show_once(const struct console *c, struct run *r, struct wishes *w)
{
	AUTO_TEXT screen = { 0 };
	struct error err;

	choose_size(c, w);
	if (!fetch(r, &err))
		return console_fail(c, &err);
	topgrid_init(&r->grid, w->rows, w->columns, r->ascii);
	topview_draw(&r->grid, &r->model, &r->state, tick_ms(), &r->place);
	topgrid_write(&r->grid, &screen);
	fputs(text_str(&screen), c->out);
	return CONSOLE_OK;
}

/* --- live --------------------------------------------------------------------------------- */

static void draw(struct run *r, int64_t now_ms)
{
	unsigned int rows, columns;

	topscreen_size(&rows, &columns);
	if (rows != r->grid.rows || columns != r->grid.columns) {
		topgrid_release(&r->grid);
		topgrid_init(&r->grid, rows, columns, r->ascii);
	}
	topview_draw(&r->grid, &r->model, &r->state, now_ms, &r->place);
	topscreen_show(&r->grid);
	r->drawn_ms = now_ms;
	r->dirty = r->pressed = false;
}

static void press(struct run *r, unsigned int key, int64_t now_ms)
{
	switch (topkeys_press(&r->state, &r->model, r->place.list_rows, key, now_ms)) {
	case TOPKEYS_NOTHING:
		break;
	case TOPKEYS_QUIT:
		r->over = true;
		break;
	case TOPKEYS_REPAINT:
		topscreen_repaint();
		break;
	case TOPKEYS_ORDER:
		topfeed_order(&r->feed, &r->state.order);
		break;
	}
}

/* All that has come from the terminal; false: nothing. */
static bool hear(struct run *r)
{
	struct topscreen_event e = topscreen_next();
	int64_t now = tick_ms();

	switch (e.kind) {
	case TOPSCREEN_NONE:
		return false;
	case TOPSCREEN_KEY:
		press(r, e.key, now);
		break;
	case TOPSCREEN_CLICK:
		topkeys_click(&r->state, &r->model, &r->place, e.row, e.column);
		break;
	case TOPSCREEN_RESIZE:
		break;
	case TOPSCREEN_END:
		r->over = true;
		r->number = e.number;
		break;
	}
	r->pressed = true;
	return !r->over;
}

/* How long there is nothing to do. */
static int idle_ms(const struct run *r, int64_t now_ms)
{
	int64_t feed = topfeed_wait_ms(&r->feed, now_ms);
	int64_t drawing = r->drawn_ms + (r->dirty ? DRAW_PAUSE_MS : DRAW_LEAST_MS) - now_ms;
	int64_t least = feed < drawing ? feed : drawing;

	return least > 0 ? (int)least : 0;
}

static void wait_for_something(const struct run *r, int64_t now_ms)
{
	struct pollfd p[TOPSCREEN_FDS + 1];
	int fds[TOPSCREEN_FDS];

	topscreen_fds(fds);
	for (size_t i = 0; i < TOPSCREEN_FDS; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	p[TOPSCREEN_FDS] =
	    (struct pollfd){ .fd = r->feed.link.fd, .events = toplink_events(&r->feed.link) };
	poll(p, ARRAY_LEN(p), idle_ms(r, now_ms));
}

static void live(struct run *r)
{
	while (!r->over) {
		int64_t now;

		while (hear(r))
			;
		now = tick_ms();
		r->dirty = topfeed_step(&r->feed, &r->model, &r->state, now) || r->dirty;
		if (r->over)
			return;
		if (r->pressed || now - r->drawn_ms >= DRAW_LEAST_MS ||
		    (r->dirty && now - r->drawn_ms >= DRAW_PAUSE_MS))
			draw(r, now);
		wait_for_something(r, now);
	}
}

/* Ends as the signal wanted, now that the terminal is as it was. */
static void die_of(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static int show_live(const struct console *c, struct run *r, const struct wishes *w)
{
	struct error err;

	if (!topscreen_open(c->in, c->out, &w->screen, &err))
		return console_fail(c, &err);
	r->pressed = true;
	live(r);
	topscreen_close();
	if (r->number != 0)
		die_of(r->number);
	return CONSOLE_OK;
}

/* --- all of it ---------------------------------------------------------------------------- */

int topcmd_main(const struct console *c, int argc, char **argv)
{
	struct run r = { .drawn_ms = -DRAW_LEAST_MS };
	locale_t locale = (locale_t)0;
	struct wishes w;
	struct options o;
	struct error err;
	int status;

	if (!options_parse(&o, COMMANDS_TOP, argc, argv, &err) || !read_options(c, &o, &w, &err))
		return console_usage(c, commands_get(COMMANDS_TOP), &err);
	/* How wide characters are is the same in all UTF-8 locales, and this one is always there.
	 */
	if (!w.ascii)
		locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (locale != (locale_t)0)
		uselocale(locale);
	r.ascii = locale == (locale_t)0;
	r.state.tab = w.tab;
	r.state.writable = options_has(&o, "write");
	topfeed_init(&r.feed, w.path, w.interval_ms);
	status = w.once ? show_once(c, &r, &w) : show_live(c, &r, &w);
	topfeed_release(&r.feed);
	topmodel_release(&r.model);
	topgrid_release(&r.grid);
	if (locale != (locale_t)0) {
		uselocale(LC_GLOBAL_LOCALE);
		freelocale(locale);
	}
	return status;
}
