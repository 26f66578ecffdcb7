/* SPDX-License-Identifier: MIT */
/*
 * load: what clients and servers of a proxy do, and how long it takes.
 *
 *   load --mode MODE --to PORT --listen PORT,PORT... [options]
 *
 *   conn   new connections, one exchange on each, --width at once
 *   req    exchanges on --connections, the next one when the reply is there
 *   paced  exchanges on --connections by turns, --rate a second, whether replies come or not;
 *          latency counts from the moment that the schedule says
 *   bulk   --bytes on --connections, --direction up, down or both
 *   idle   --connections that were used once and then are silent
 *
 * It listens, says "listening", tries until the proxy at --to brings connections to all of its
 * ports, opens the connections, warms up, says "ready" and waits for a line on standard input.
 * Then it works for --seconds (or --count exchanges) and says what it saw in one line of JSON.
 * In between, with "idle", it says "held" and waits for another line.  A wrong byte, a connection
 * that ends too early, or silence for PATIENCE seconds end it with a message and status 1.
 */
#include "load.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, PATIENCE = 15, RAMP = 64, CONNECTIONS_MAX = 1000000 };

/* Of its time a generator that is not the limit has at least 5 % left. */
static const double busy_limit = 0.95;

enum mode { CONN, REQ, PACED, BULK, IDLE };
enum direction { UP, DOWN, BOTH };

static const char *const mode_names[] = { "conn", "req", "paced", "bulk", "idle", NULL };
static const char *const direction_names[] = { "up", "down", "both", NULL };

struct options {
	int mode, direction; /* -1: not given, or not known */
	uint64_t to, connections, idle, width, request, reply, count, rate, bytes, ms, warm,
	    sources;
	uint64_t ports[SERVERS_MAX];
	unsigned port_count;
};

void load_fail(const char *format, ...)
{
	va_list args;

	fputs("load: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(EXIT_FAILURE);
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void wait_line(void)
{
	int c;

	while ((c = getchar()) != '\n')
		if (c == EOF)
			_exit(EXIT_SUCCESS);
}

static int64_t now_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* One turn of a phase that still waits for something. */
static void turn(struct load *l, int timeout_ms)
{
	int n = load_turn(l, timeout_ms);
	int64_t now = load_now();

	if (n)
		l->progress = now;
	else if (now - l->progress > (int64_t)PATIENCE * NS_PER_S)
		load_fail("nothing has come for %d s", PATIENCE);
}

static void begin_phase(struct load *l, struct exchange x)
{
	l->exchange = x;
	l->done = l->begun = l->limit = 0;
	l->stop_at = 0;
	l->step = 0;
	l->waste = 0;
	l->clients_received = l->servers_received = 0;
	memset(&l->latency, 0, sizeof(l->latency));
	for (unsigned i = 0; i < l->opened; i++)
		l->conns[i]->done = 0;
	l->start = l->progress = load_now();
}

/* --- Until the proxy works, and opening ------------------------------------------------------ */

static void count_probe(struct load *l, struct conn *c, bool good)
{
	l->begun--;
	if (good)
		load_close(c);
}

static bool is_all_served(const struct load *l)
{
	for (unsigned i = 0; i < l->server_count; i++)
		if (!l->served[i])
			return false;
	return true;
}

/* Until each server has been given a connection.  Health checks show no number and do not count. */
static void probe(struct load *l)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	int64_t end = load_now() + (int64_t)PATIENCE * NS_PER_S;

	begin_phase(l, (struct exchange){ .request = 100, .reply = 300 });
	l->is_probing = true;
	l->on_done = count_probe;
	while (!is_all_served(l) || l->open_servers || l->begun) {
		struct conn *c = is_all_served(l) || l->begun ? NULL : load_connect(l);

		if (load_now() > end)
			load_fail("the proxy does not connect to all servers");
		if (c) {
			l->begun++;
			load_ask(l, c, c->begun);
		}
		load_turn(l, 10);
		nanosleep(&pause, NULL);
	}
	l->is_probing = false;
}

static void count_opened(struct load *l, struct conn *c, bool good)
{
	(void)l;
	(void)c;
	(void)good;
}

/* Connections that stay; each has had one exchange. */
static void open_all(struct load *l, unsigned count)
{
	begin_phase(l, (struct exchange){ .request = 100, .reply = 300 });
	l->conns = calloc(count, sizeof(struct conn *));
	if (!l->conns)
		load_fail("no memory");
	l->on_done = count_opened;
	while (l->done < count) {
		while (l->opened < count && l->opened - l->done < RAMP) {
			struct conn *c = load_connect(l);

			c->place = l->opened;
			l->conns[l->opened++] = c;
			load_ask(l, c, c->begun);
		}
		turn(l, 1000);
	}
}

/* Those from conns[first] on still work. */
static void verify(struct load *l, unsigned first)
{
	begin_phase(l, (struct exchange){ .request = 100, .reply = 300 });
	l->on_done = count_opened;
	for (unsigned i = first; i < l->opened; i++) {
		load_ask(l, l->conns[i], load_now());
		while (l->done + RAMP <= i - first)
			turn(l, 1000);
	}
	while (l->done < l->opened - first)
		turn(l, 1000);
}

/* --- Work ------------------------------------------------------------------------------------ */

static bool wants_more(const struct load *l, int64_t now)
{
	return (!l->limit || l->begun < l->limit) && (!l->stop_at || now < l->stop_at);
}

static void renew(struct load *l, struct conn *c, bool good)
{
	(void)good;
	load_close(c);
	if (wants_more(l, load_now())) {
		c = load_connect(l);
		l->begun++;
		load_ask(l, c, c->begun);
	}
}

static void repeat(struct load *l, struct conn *c, bool good)
{
	int64_t now = load_now();

	(void)good;
	if (wants_more(l, now)) {
		l->begun++;
		load_ask(l, c, now);
	}
}

static void run_conn(struct load *l, const struct options *o, double share)
{
	l->limit = (uint64_t)((double)o->count * share);
	l->on_done = renew;
	for (uint64_t i = 0; i < o->width && l->begun < l->limit; i++) {
		struct conn *c = load_connect(l);

		l->begun++;
		load_ask(l, c, c->begun);
	}
	while (l->done < l->begun || l->open_servers)
		turn(l, 1000);
}

static void run_loop(struct load *l, uint64_t limit, uint64_t ms)
{
	l->limit = limit;
	l->stop_at = ms ? l->start + (int64_t)ms * 1000000 : 0;
	l->on_done = repeat;
	for (unsigned i = 0; i < l->active; i++)
		repeat(l, l->conns[i], true);
	while (l->done < l->begun)
		turn(l, 1000);
}

/* Looks instead of waiting, so that a sleep of the generator is in no number. */
static void run_paced(struct load *l, const struct options *o, uint64_t ms)
{
	uint64_t all = o->rate * ms / 1000;

	l->step = (double)NS_PER_S / (double)o->rate;
	l->on_done = count_opened;
	while (l->done < all) {
		int64_t now = load_now();

		while (l->begun < all && l->start + (int64_t)((double)l->begun * l->step) <= now) {
			load_ask(l, l->conns[l->begun % l->active], now);
			l->begun++;
		}
		turn(l, 0);
	}
}

static void run_bulk(struct load *l)
{
	run_loop(l, l->active, 0);
	while (l->servers_received < l->exchange.request * l->active)
		turn(l, 1000);
}

static struct exchange exchange_of(const struct options *o, double share)
{
	uint64_t each = (uint64_t)((double)o->bytes * share / (double)o->connections) + 1;

	if (o->mode != BULK)
		return (struct exchange){ .request = o->request, .reply = o->reply };
	if (o->direction == UP)
		return (struct exchange){ .request = each };
	if (o->direction == DOWN)
		return (struct exchange){ .request = 8, .reply = each };
	return (struct exchange){ .request = each / 2, .reply = each / 2, .together = true };
}

/* The whole work, or a share of it to warm up. */
static void run(struct load *l, const struct options *o, double share)
{
	uint64_t ms = (uint64_t)((double)o->ms * share);

	begin_phase(l, exchange_of(o, share));
	switch ((enum mode)o->mode) {
	case CONN:
		run_conn(l, o, share);
		return;
	case REQ:
		run_loop(l, (uint64_t)((double)o->count * share), o->count ? 0 : ms);
		return;
	case PACED:
		run_paced(l, o, ms);
		return;
	case BULK:
		run_bulk(l);
		return;
	case IDLE:
		open_all(l, (unsigned)o->connections);
		return;
	}
}

/* --- What it says ---------------------------------------------------------------------------- */

static void print_result(const struct load *l, const struct options *o, int64_t cpu)
{
	int64_t took = load_now() - l->start;
	double busy = (double)(l->step > 0 ? took - l->waste : cpu) / (double)took;

	printf("{\"mode\": \"%s\", \"ops\": %" PRIu64 ", \"seconds\": %.6f, \"checked\": %" PRIu64
	       ", \"busy\": %.3f, \"limit\": %s",
	       mode_names[o->mode], l->done, (double)took / NS_PER_S,
	       l->clients_received + l->servers_received, busy,
	       busy > busy_limit ? "true" : "false");
	printf(", \"p50\": %.2f, \"p90\": %.2f, \"p99\": %.2f, \"p999\": %.2f, \"max\": %.2f",
	       spread_at(&l->latency, 0.5), spread_at(&l->latency, 0.9),
	       spread_at(&l->latency, 0.99), spread_at(&l->latency, 0.999),
	       (double)l->latency.max / 1000);
	printf(", \"served\": [");
	for (unsigned i = 0; i < l->server_count; i++)
		printf("%s%" PRIu64, i ? ", " : "", l->served[i]);
	say("]}");
}

static void work(struct load *l, const struct options *o)
{
	bool stays = o->mode != CONN && o->mode != IDLE;
	int64_t cpu;

	probe(l);
	l->active = (unsigned)o->connections;
	if (stays)
		open_all(l, (unsigned)(o->connections + o->idle));
	if (o->mode != IDLE && o->warm)
		run(l, o, (double)o->warm / 100);
	say("ready");
	wait_line();
	cpu = now_cpu();
	run(l, o, 1);
	cpu = now_cpu() - cpu;
	if (o->mode == IDLE) {
		say("held");
		wait_line();
		verify(l, 0);
	}
	print_result(l, o, cpu);
	if (stays && o->idle)
		verify(l, l->active);
	say("done");
}

/* --- Options --------------------------------------------------------------------------------- */

static int find_name(const char *const *names, const char *s)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], s) == 0)
			return i;
	return -1;
}

static bool parse_ports(struct options *o, char *s)
{
	char *rest = NULL;

	for (char *p = strtok_r(s, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
		if (o->port_count == SERVERS_MAX ||
		    !number_parse(p, UINT16_MAX, &o->ports[o->port_count++]))
			return false;
	return true;
}

static bool parse_options(struct options *o, int argc, char **argv)
{
	const struct {
		const char *name;
		uint64_t *value;
		uint64_t max;
	} numbers[] = {
		{ "--to", &o->to, UINT16_MAX },
		{ "--connections", &o->connections, CONNECTIONS_MAX },
		{ "--idle", &o->idle, CONNECTIONS_MAX },
		{ "--width", &o->width, CONNECTIONS_MAX },
		{ "--request", &o->request, WIRE_CHUNK },
		{ "--reply", &o->reply, WIRE_CHUNK },
		{ "--count", &o->count, UINT32_MAX },
		{ "--rate", &o->rate, NS_PER_S },
		{ "--bytes", &o->bytes, INT64_MAX },
		{ "--ms", &o->ms, UINT32_MAX },
		{ "--warm", &o->warm, 100 },
		{ "--sources", &o->sources, 200 },
	};

	for (int i = 1; i + 1 < argc; i += 2) {
		bool good = false;

		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++)
			if (strcmp(argv[i], numbers[k].name) == 0)
				good = number_parse(argv[i + 1], numbers[k].max, numbers[k].value);
		if (strcmp(argv[i], "--mode") == 0)
			good = (o->mode = find_name(mode_names, argv[i + 1])) >= 0;
		else if (strcmp(argv[i], "--direction") == 0)
			good = (o->direction = find_name(direction_names, argv[i + 1])) >= 0;
		else if (strcmp(argv[i], "--listen") == 0)
			good = parse_ports(o, argv[i + 1]);
		if (!good)
			return false;
	}
	return argc % 2 == 1 && o->mode >= 0 && o->to && o->port_count && o->connections &&
	       o->request && o->reply && o->width && o->rate && (o->mode != CONN || o->count) &&
	       (o->mode != BULK || o->bytes);
}

int main(int argc, char **argv)
{
	static struct load l;
	struct options o = {
		.mode = -1,
		.direction = UP,
		.connections = 1,
		.width = 32,
		.request = 100,
		.reply = 300,
		.rate = 10000,
		.ms = 1000,
		.warm = 10,
		.sources = 1,
	};

	if (!parse_options(&o, argc, argv)) {
		fputs("usage: load --mode conn|req|paced|bulk|idle --to PORT --listen PORT,...\n"
		      "  [--connections N] [--idle N] [--width N] [--request BYTES]\n"
		      "  [--reply BYTES] [--ms N] [--count N] [--rate N] [--bytes N]\n"
		      "  [--direction up|down|both] [--warm PERCENT] [--sources N]\n",
		      stderr);
		return EXIT_USAGE;
	}
	wire_init();
	l.to = (uint16_t)o.to;
	l.sources = (unsigned)o.sources;
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l.epoll < 0)
		load_fail("epoll_create1 failed");
	for (unsigned i = 0; i < o.port_count; i++)
		load_listen(&l, (uint16_t)o.ports[i]);
	say("listening");
	work(&l, &o);
	return EXIT_SUCCESS;
}
