/* SPDX-License-Identifier: MIT */
/*
 * simnodes: a cluster of simulated CockroachDB nodes for tests.  Prints where each node listens,
 * then "ready"; takes "<node>|all <command>" lines on standard input and answers each with one
 * line "ok …" or "error …"; ends at the end of its input.
 */
#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "sim/simcluster.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCALITIES_MAX = 64, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: simnodes [--nodes N] [--first-id ID] [--host IP] [--sql-port-base PORT]\n"
    "                [--http-port-base PORT] [--locality key=value,...]... [--events]\n"
    "Port 0, the default, is any free port.  Localities are taken by turns.\n";

struct options {
	struct simcluster_options cluster;
	const char *localities[LOCALITIES_MAX];
	bool events;
};

struct input {
	ev_io io;
	struct simcluster *cluster;
	struct text buffer;
};

static bool parse_u16(const char *s, uint16_t *ret)
{
	uint64_t v;

	if (!number_parse(s, UINT16_MAX, &v))
		return false;
	*ret = (uint16_t)v;
	return true;
}

static bool take_option(struct options *o, int option)
{
	uint64_t nodes;

	switch (option) {
	case 'n':
		if (!number_parse(optarg, UINT32_MAX, &nodes))
			return false;
		o->cluster.nodes = (uint32_t)nodes;
		return true;
	case 'i':
		if (!number_parse(optarg, UINT16_MAX, &nodes))
			return false;
		o->cluster.first_id = (uint32_t)nodes;
		return true;
	case 'h':
		o->cluster.host = optarg;
		return true;
	case 's':
		return parse_u16(optarg, &o->cluster.sql_port);
	case 'p':
		return parse_u16(optarg, &o->cluster.http_port);
	case 'l':
		if (o->cluster.locality_count == LOCALITIES_MAX)
			return false;
		o->localities[o->cluster.locality_count++] = optarg;
		return true;
	case 'e':
		o->events = true;
		return true;
	default:
		return false;
	}
}

static bool parse_options(struct options *o, int argc, char **argv)
{
	static const struct option names[] = {
		{ "nodes", required_argument, NULL, 'n' },
		{ "first-id", required_argument, NULL, 'i' },
		{ "host", required_argument, NULL, 'h' },
		{ "sql-port-base", required_argument, NULL, 's' },
		{ "http-port-base", required_argument, NULL, 'p' },
		{ "locality", required_argument, NULL, 'l' },
		{ "events", no_argument, NULL, 'e' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!take_option(o, option))
			return false;
	return optind == argc;
}

static void print_event(void *ctx, const struct simnode *n, const char *what)
{
	(void)ctx;
	fprintf(stderr, "node %" PRIu32 " %s\n", simnode_id(n), what);
}

static void run_line(struct input *in, const char *line)
{
	AUTO_TEXT answer = { 0 };
	bool good = simcluster_command(in->cluster, line, &answer);

	printf("%s %s\n", good ? "ok" : "error", text_str(&answer));
	fflush(stdout);
}

/* Runs every complete line of the buffer. */
static void run_lines(struct input *in)
{
	char *end;

	while (in->buffer.len && (end = memchr(in->buffer.data, '\n', in->buffer.len))) {
		*end = '\0';
		run_line(in, in->buffer.data);
		text_consume(&in->buffer, (size_t)(end - in->buffer.data) + 1);
	}
}

static void on_input(struct ev_loop *loop, ev_io *w, int revents)
{
	struct input *in = container_of(w, struct input, io);
	char buf[4096];
	ssize_t n = read(w->fd, buf, sizeof(buf));

	(void)revents;
	if (n > 0) {
		text_addn(&in->buffer, buf, (size_t)n);
		run_lines(in);
	} else if (n == 0 || errno != EINTR) {
		ev_break(loop, EVBREAK_ALL);
	}
}

static void print_nodes(struct simcluster *c, uint32_t first_id)
{
	char sql[ADDR_TEXT_MAX], http[ADDR_TEXT_MAX];

	for (uint32_t i = 0; i < simcluster_count(c); i++) {
		uint32_t id = first_id + i;
		const struct simnode *n = simcluster_node(c, id);

		printf("node %" PRIu32 " sql %s http %s\n", id,
		       addr_format(simnode_sql_addr(n), sql),
		       addr_format(simnode_http_addr(n), http));
	}
	puts("ready");
	fflush(stdout);
}

static int serve(struct options *o)
{
	struct ev_loop *loop = ev_default_loop(EVFLAG_NOENV);
	struct input in = { 0 };
	struct error err;

	o->cluster.localities = o->localities;
	o->cluster.event = o->events ? print_event : NULL;
	in.cluster = simcluster_new(loop, &o->cluster, &err);
	if (!in.cluster) {
		fprintf(stderr, "simnodes: %s\n", err.text);
		ev_loop_destroy(loop);
		return EXIT_FAILURE;
	}
	ev_io_init(&in.io, on_input, STDIN_FILENO, EV_READ);
	ev_io_start(loop, &in.io);
	print_nodes(in.cluster, o->cluster.first_id ? o->cluster.first_id : 1);
	ev_run(loop, 0);
	ev_io_stop(loop, &in.io);
	simcluster_free(in.cluster);
	text_release(&in.buffer);
	ev_loop_destroy(loop);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options o = { .cluster = { .nodes = 3 } };

	if (!parse_options(&o, argc, argv)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	return serve(&o);
}
