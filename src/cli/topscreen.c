/* SPDX-License-Identifier: MIT */
#include "cli/topscreen.h"

#include "cli/topkeys.h"
#include "topterm.h"

/* curses' names are short: none of its macros is to take one of ours. */
#define NCURSES_NOMACROS
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE_DELAY_MS = 25, RESTORE_MAX = 256 };

static const int awaited[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };
static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

static struct {
	bool open, colour;
	SCREEN *screen;
	int in_fd, out_fd, signal_fd;
	sigset_t mask_before;
	struct sigaction before[sizeof(fatal) / sizeof(fatal[0])];
	struct termios terminal;   /* as it was */
	char restore[RESTORE_MAX]; /* what makes it look as it did */
	size_t restore_len;
} top;

/* --- restoring, whatever happens ---------------------------------------------------------- */

/* Only calls that a signal handler may make. */
static void restore_at_once(void)
{
	ssize_t n;

	if (!top.open)
		return;
	top.open = false;
	n = write(top.out_fd, top.restore, top.restore_len);
	(void)n;
	tcsetattr(top.in_fd, TCSANOW, &top.terminal);
}

static void on_fatal(int number)
{
	restore_at_once();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i] == number)
			sigaction(number, &top.before[i], NULL);
	raise(number);
}

/* A string of the terminal's description, or NULL. */
static const char *describe(const char *capability)
{
	const char *s = tigetstr(capability);

	return (intptr_t)s == -1 ? NULL : s;
}

/* Such a string without its pauses ("$<5>"). */
static void keep(const char *capability)
{
	const char *s = describe(capability);

	if (s == NULL)
		return;
	while (*s != '\0' && top.restore_len < sizeof(top.restore)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>') != NULL)
			s = strchr(s, '>') + 1;
		else
			top.restore[top.restore_len++] = *s++;
	}
}

static void prepare_restoring(void)
{
	struct sigaction action = { .sa_handler = on_fatal, .sa_flags = (int)SA_NODEFER };
	static bool registered;

	top.restore_len = 0;
	keep("sgr0");
	keep("cnorm");
	keep("rmkx");
	keep("rmcup");
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &action, &top.before[i]);
	if (!registered)
		registered = atexit(restore_at_once) == 0;
}

/* Terminals without a second screen go on to show the first one: the shell begins below it. */
static void leave_screen(void)
{
	wmove(stdscr, getmaxy(stdscr) - 1, 0);
	wclrtoeol(stdscr);
	wrefresh(stdscr);
	endwin();
}

/* --- opening and closing ------------------------------------------------------------------ */

static sigset_t awaited_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(awaited); i++)
		sigaddset(&set, awaited[i]);
	return set;
}

static void choose_colours(bool colour)
{
	static const short colours[TOPGRID_COLOURS] = {
		[TOPGRID_GREEN] = COLOR_GREEN, [TOPGRID_YELLOW] = COLOR_YELLOW,
		[TOPGRID_RED] = COLOR_RED,     [TOPGRID_BLUE] = COLOR_BLUE,
		[TOPGRID_CYAN] = COLOR_CYAN,
	};

	top.colour = colour && has_colors() && start_color() == OK && COLORS >= 8;
	if (!top.colour)
		return;
	use_default_colors();
	for (int i = 1; i < TOPGRID_COLOURS; i++)
		init_pair((short)i, colours[i], -1);
}

static bool begin_screen(FILE *in, FILE *out, struct error *err)
{
	const char *name = secure_getenv("TERM");

	if (name != NULL && name[0] != '\0' && topterm_is_known(name))
		top.screen = newterm(NULL, out, in);
	if (top.screen == NULL)
		return error_set(err,
		                 "the terminal type \"%s\" is not known\n"
		                 "        set TERM, or use sluice top --once or sluice watch",
		                 name != NULL ? name : "");
	if (describe("cup") != NULL)
		return true;
	endwin();
	delscreen(top.screen);
	top.screen = NULL;
	return error_set(err,
	                 "a terminal of type \"%s\" cannot move its cursor\n"
	                 "        set TERM, or use sluice top --once or sluice watch",
	                 name);
}

static void fit(void)
{
	struct winsize size;

	if (ioctl(top.out_fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

bool topscreen_open(FILE *in, FILE *out, const struct topscreen_options *o, struct error *err)
{
	sigset_t set = awaited_set();

	top.in_fd = fileno(in);
	top.out_fd = fileno(out);
	if (isatty(top.in_fd) != 1 || isatty(top.out_fd) != 1 ||
	    tcgetattr(top.in_fd, &top.terminal) == -1)
		return error_set(err, "input and output have to be a terminal\n"
		                      "        use sluice top --once, or sluice status");
	pthread_sigmask(SIG_BLOCK, &set, &top.mask_before);
	top.signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (top.signal_fd == -1 || !begin_screen(in, out, err)) {
		if (top.signal_fd == -1)
			error_sys(err, errno, "signals cannot be awaited");
		else
			close(top.signal_fd);
		pthread_sigmask(SIG_SETMASK, &top.mask_before, NULL);
		return false;
	}
	prepare_restoring();
	top.open = true;
	cbreak();
	noecho();
	nonl();
	set_escdelay(ESCAPE_DELAY_MS);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	choose_colours(o->colour);
	if (o->mouse)
		mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED,
		          NULL);
	fit();
	return true;
}

void topscreen_close(void)
{
	if (!top.open)
		return;
	leave_screen();
	top.open = false;
	tcsetattr(top.in_fd, TCSADRAIN, &top.terminal);
	delscreen(top.screen);
	close(top.signal_fd);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &top.before[i], NULL);
	/* One that came meanwhile takes effect here. */
	pthread_sigmask(SIG_SETMASK, &top.mask_before, NULL);
}

void topscreen_size(unsigned int *ret_rows, unsigned int *ret_columns)
{
	*ret_rows = (unsigned int)getmaxy(stdscr);
	*ret_columns = (unsigned int)getmaxx(stdscr);
}

void topscreen_fds(int ret[static TOPSCREEN_FDS])
{
	ret[0] = top.in_fd;
	ret[1] = top.signal_fd;
}

/* --- events ------------------------------------------------------------------------------- */

/* The terminal is given back, the process stops as the shell wants it, and goes on. */
static void stop_and_go_on(void)
{
	sigset_t set;

	leave_screen();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	signal(SIGTSTP, SIG_DFL);
	kill(getpid(), SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void begin_again(void)
{
	reset_prog_mode();
	fit();
	topscreen_repaint();
}

static struct topscreen_event next_signal(void)
{
	struct topscreen_event e = { .kind = TOPSCREEN_NONE };
	struct signalfd_siginfo info;

	if (read(top.signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return e;
	e.kind = TOPSCREEN_RESIZE;
	switch (info.ssi_signo) {
	case SIGWINCH:
		fit();
		break;
	case SIGTSTP:
		stop_and_go_on();
		begin_again();
		break;
	case SIGCONT:
		begin_again();
		break;
	default:
		e.kind = TOPSCREEN_END;
		e.number = (int)info.ssi_signo;
	}
	return e;
}

static unsigned int key_of(wint_t code)
{
	static const struct {
		wint_t code;
		unsigned int key;
	} keys[] = {
		{ KEY_UP, TOPKEYS_UP },
		{ KEY_DOWN, TOPKEYS_DOWN },
		{ KEY_LEFT, TOPKEYS_LEFT },
		{ KEY_RIGHT, TOPKEYS_RIGHT },
		{ KEY_PPAGE, TOPKEYS_PAGE_UP },
		{ KEY_NPAGE, TOPKEYS_PAGE_DOWN },
		{ KEY_HOME, TOPKEYS_HOME },
		{ KEY_END, TOPKEYS_END },
		{ KEY_BTAB, TOPKEYS_BACK_TAB },
		{ KEY_BACKSPACE, TOPKEYS_BACKSPACE },
		{ KEY_ENTER, '\r' },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return 0;
}

static struct topscreen_event mouse_event(void)
{
	struct topscreen_event e = { .kind = TOPSCREEN_KEY };
	MEVENT at;

	if (getmouse(&at) != OK)
		return e;
	if ((at.bstate & BUTTON4_PRESSED) != 0)
		e.key = TOPKEYS_UP;
	else if ((at.bstate & BUTTON5_PRESSED) != 0)
		e.key = TOPKEYS_DOWN;
	else
		e = (struct topscreen_event){ .kind = TOPSCREEN_CLICK,
			                      .row = (unsigned int)at.y,
			                      .column = (unsigned int)at.x };
	return e;
}

/* Has the terminal been closed?  Without that, no key and an end look the same. */
static bool has_gone(void)
{
	struct pollfd p = { .fd = top.in_fd, .events = POLLIN };
	int waiting = 0;

	if (poll(&p, 1, 0) <= 0)
		return false;
	if ((p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		return true;
	return ioctl(top.in_fd, FIONREAD, &waiting) == -1;
}

struct topscreen_event topscreen_next(void)
{
	struct topscreen_event e = next_signal();
	wint_t code;

	if (e.kind != TOPSCREEN_NONE)
		return e;
	switch (wget_wch(stdscr, &code)) {
	case OK:
		return (struct topscreen_event){ .kind = TOPSCREEN_KEY, .key = (unsigned int)code };
	case KEY_CODE_YES:
		if (code == KEY_MOUSE)
			return mouse_event();
		if (code == KEY_RESIZE)
			return (struct topscreen_event){ .kind = TOPSCREEN_RESIZE };
		return (struct topscreen_event){ .kind = TOPSCREEN_KEY, .key = key_of(code) };
	default:
		if (has_gone())
			e.kind = TOPSCREEN_END;
		return e;
	}
}

/* --- showing ------------------------------------------------------------------------------ */

static void show_cell(unsigned int row, unsigned int column, const struct topgrid_cell *c)
{
	short pair = 0;
	attr_t attributes = A_NORMAL;
	cchar_t shown;

	if ((c->style & TOPGRID_BOLD) != 0)
		attributes |= A_BOLD;
	if ((c->style & TOPGRID_DIM) != 0)
		attributes |= A_DIM;
	if ((c->style & TOPGRID_REVERSE) != 0)
		attributes |= A_REVERSE;
	if (top.colour)
		pair = (short)(c->style & 0xfU);
	setcchar(&shown, c->text, attributes, pair, NULL);
	mvwadd_wch(stdscr, (int)row, (int)column, &shown);
}

void topscreen_show(const struct topgrid *g)
{
	for (unsigned int row = 0; row < g->rows; row++)
		for (unsigned int column = 0; column < g->columns; column++) {
			const struct topgrid_cell *c = topgrid_at(g, row, column);

			if (c->text[0] != L'\0')
				show_cell(row, column, c);
		}
	wrefresh(stdscr);
}

void topscreen_repaint(void)
{
	clearok(curscr, TRUE);
}
