/* SPDX-License-Identifier: MIT */
/*
 * The product with no database and no file: simulated nodes, clients that use them through a
 * balancer, and the dashboard, in one process on loopback.  A key press (on a terminal) or a line
 * (from a pipe) drains, kills or freezes a node; what sluice did about it is printed as it happens.
 */
#include "demo.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "cli/checkcmd.h"
#include "cli/options.h"
#include "demoparts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
	SQL_PORT = 26257,
	CONSOLE_PORT = 8080,
	ADMIN_PORT = 8404,
	/* Of the first node, where there are only nodes: the ports above stay free for sluice. */
	NODE_SQL_PORT = 26258,
	NODE_HTTP_PORT = 8081,
	PORT_TRIES = 20, /* a real node may have these ports: the next ones are tried */
	SHORT_LIVED = 4,
	NODES_MAX = 9, /* a key each */
};

/* How long after an action its cost is summed up: detection and a few reconnects. */
#define SUM_UP_S 6.

#define SOCKET_PATH "/tmp/sluice-demo%s.sock"

static void write_conf(struct demo *d, struct text *conf)
{
	char addr[ADDR_TEXT_MAX];

	text_add(conf, "cluster = { nodes = (\n");
	for (uint32_t i = 1; i <= d->nodes; i++) {
		const struct simnode *n = simcluster_node(d->cluster, i);

		text_addf(conf,
		          "  { name = \"n%u\"; host = \"%s\"; sql_port = %u; http_port = %u; "
		          "locality = \"region=demo,zone=%c\"; }%s\n",
		          i, addr_format_host(simnode_sql_addr(n), addr),
		          addr_port(simnode_sql_addr(n)), addr_port(simnode_http_addr(n)),
		          'a' + (int)(i - 1) % 3, i < d->nodes ? "," : "");
	}
	text_addf(conf,
	          "); check = { type = \"http\"; inter = \"1s\"; fastinter = \"500ms\"; }; };\n"
	          "services = (\n"
	          "  { name = \"psql\"; bind = \"127.0.0.1:%u\"; port = \"sql\"; balance = "
	          "\"leastconn\"; protocol = \"pgwire\"; hold = \"5s\"; },\n"
	          "  { name = \"dbconsole\"; bind = \"127.0.0.1:%u\"; port = \"http\"; }\n"
	          ");\n"
	          "admin = { bind = \"127.0.0.1:%u\"; socket = \"%s\"; };\n"
	          "log = ( { target = \"stderr\"; format = \"text\"; level = \"notice\"; } );\n",
	          d->sql_port, d->console_port, d->admin_port, d->socket);
}

/* The ports of try `i`; a port that was asked for is not changed. */
static void choose_ports(struct demo *d, const char *asked, unsigned int i)
{
	char suffix[16] = "";

	if (i)
		snprintf(suffix, sizeof(suffix), "-%u", i);
	d->sql_port = (uint16_t)(d->sql_port && asked ? d->sql_port : SQL_PORT + 10 * i);
	d->console_port = (uint16_t)(CONSOLE_PORT + 10 * i);
	d->admin_port = (uint16_t)(ADMIN_PORT + 10 * i);
	snprintf(d->socket, sizeof(d->socket), SOCKET_PATH, suffix);
}

static bool start_balancer(struct demo *d, const char *asked, struct error *err)
{
	struct supervisor_options how = { .trusted = true };

	for (unsigned int i = 0; i < PORT_TRIES; i++) {
		AUTO_TEXT conf = { 0 };
		struct settings *settings;

		choose_ports(d, asked, i);
		write_conf(d, &conf);
		settings = checkcmd_load_text(d->console, "demo", text_str(&conf));
		if (settings == NULL)
			return error_set(err, "the demo's own configuration is invalid");
		if (supervisor_start(d->loop, settings, &how, &d->supervisor, err))
			return true;
		if (!i)
			d->taken = *err;
	}
	return false;
}

static bool start_load(struct demo *d, struct error *err)
{
	struct simload_options o = { .clients = DEMO_CLIENTS,
		                     .short_lived = SHORT_LIVED,
		                     .queries = 10,
		                     .interval_ms = 200,
		                     .retry_ms = 200,
		                     .timeout_ms = 5000 };

	if (!addr_parse_ip("127.0.0.1", d->sql_port, &o.to))
		return error_set(err, "no loopback address");
	d->load = simload_new(d->loop, &o);
	d->before_at = ev_now(d->loop);
	return true;
}

static void on_node_event(void *ctx, const struct simnode *n, const char *what)
{
	struct demo *d = ctx;

	fprintf(d->console->out, "  node n%u: %s\n", simnode_id(n), what);
	fflush(d->console->out);
	d->told = true;
}

static void start_sum(struct demo *d)
{
	d->before = simload_counts(d->load);
	d->before_at = ev_now(d->loop);
}

static void sum_up(struct demo *d)
{
	demowords_show_sum(d);
	start_sum(d);
}

static void on_sum_up(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	sum_up(container_of(w, struct demo, sum_up));
}

/* --- acting ------------------------------------------------------------------------------- */

static void quit(struct demo *d)
{
	if (d->only_nodes) {
		ev_break(d->loop, EVBREAK_ALL);
		return;
	}
	simload_free(d->load);
	d->load = NULL;
	ev_timer_stop(d->loop, &d->sum_up);
	supervisor_stop(d->supervisor);
}

/* Words of the demo for what the nodes call otherwise. */
static const struct {
	char key;
	const char *word, *command;
} actions[] = {
	{ 'd', "drain", "drain 5s 10s 10s" },
	{ 'k', "kill", "kill" },
	{ 'f', "freeze", "hang" },
	{ 'r', "reset", "reset" },
};

static void act(struct demo *d, const char *line)
{
	AUTO_TEXT answer = { 0 };
	bool done;

	d->told = false;
	done = simcluster_command(d->cluster, line, &answer);
	if (!done || !d->told)
		fprintf(d->console->out, "  %s%s%s\n", done ? line : "", done ? ": " : "",
		        text_str(&answer));
	fflush(d->console->out);
	if (!done && strstr(text_str(&answer), "unknown command"))
		demowords_show_words(d);
	if (!done || !d->load)
		return;
	start_sum(d);
	ev_timer_stop(d->loop, &d->sum_up);
	ev_timer_set(&d->sum_up, SUM_UP_S, 0.);
	ev_timer_start(d->loop, &d->sum_up);
}

/* Only a node that runs can be drained, killed or frozen. */
static void act_on(struct demo *d, uint32_t node, const char *command)
{
	char line[64];

	if (simnode_state(simcluster_node(d->cluster, node)) == SIMLIFE_STOPPED &&
	    strcmp(command, "reset") != 0) {
		fprintf(d->console->out, "  n%u is not running: %s brings it back\n", node,
		        d->raw ? "r" : "reset");
		fflush(d->console->out);
		return;
	}
	snprintf(line, sizeof(line), "%u %s", node, command);
	act(d, line);
}

static void take_key(struct demo *d, char key)
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (actions[i].key == key) {
			act_on(d, d->chosen, actions[i].command);
			return;
		}
	if (key >= '1' && (uint32_t)(key - '0') <= d->nodes) {
		d->chosen = (uint32_t)(key - '0');
		fprintf(d->console->out, "  n%u chosen: d drain, k kill, f freeze, r bring back\n",
		        d->chosen);
		fflush(d->console->out);
	} else if (key == 's') {
		if (d->load)
			sum_up(d);
	} else if (key == 'q') {
		quit(d);
	} else if (key == ':') {
		d->typing = true;
		fputs(": ", d->console->out);
		fflush(d->console->out);
	} else {
		demowords_show_commands(d);
	}
}

/* "2" or "n2", a node of the cluster. */
static bool read_node(struct demo *d, const char *s, uint32_t *ret)
{
	uint64_t node;

	if (number_parse(s + (*s == 'n'), d->nodes, &node) && node) {
		*ret = (uint32_t)node;
		return true;
	}
	if (d->nodes > 1)
		fprintf(d->console->out, "  no node %s: there are 1 to %u\n", s, d->nodes);
	else
		fprintf(d->console->out, "  no node %s: there is only 1\n", s);
	fflush(d->console->out);
	return false;
}

/* Does the line address the nodes themselves: "2 slow 400ms", "all reset"? */
static bool is_of_nodes(const char *line, size_t word)
{
	return (word == 3 && strncmp(line, "all", 3) == 0) ||
	       (word && strspn(line, "0123456789") >= word);
}

/* "drain 2", "drain n2", or a line for the simulated nodes. */
static void take_line(struct demo *d, const char *line)
{
	size_t len = strcspn(line, " ");
	const char *rest = line + len + strspn(line + len, " ");
	uint32_t node;

	if (strcmp(line, "quit") == 0) {
		quit(d);
		return;
	}
	if (strcmp(line, "sum") == 0) {
		if (d->load)
			sum_up(d);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strlen(actions[i].word) == len && strncmp(actions[i].word, line, len) == 0) {
			if (read_node(d, rest, &node))
				act_on(d, node, actions[i].command);
			return;
		}
	if (is_of_nodes(line, len))
		act(d, line);
	else if (*line)
		demowords_show_commands(d);
}

static void take_lines(struct demo *d, const char *bytes, size_t len)
{
	const char *newline;

	text_addn(&d->line, bytes, len);
	while (d->line.len && (newline = memchr(d->line.data, '\n', d->line.len))) {
		size_t used = (size_t)(newline - d->line.data);

		d->line.data[used] = '\0';
		take_line(d, d->line.data);
		text_consume(&d->line, used + 1);
	}
}

static void end_typing(struct demo *d)
{
	d->typing = false;
	fputc('\n', d->console->out);
	take_line(d, text_str(&d->line));
	text_clear(&d->line);
}

/* The terminal echoes nothing and has no lines while it sends keys. */
static void type_key(struct demo *d, char key)
{
	enum { ESCAPE = 0x1b, BACKSPACE = 0x7f };
	FILE *out = d->console->out;

	if (key == ESCAPE)
		text_clear(&d->line);
	if (key == '\n' || key == '\r' || key == ESCAPE) {
		end_typing(d);
	} else if (key == BACKSPACE || key == '\b') {
		if (d->line.len) {
			d->line.data[--d->line.len] = '\0';
			fputs("\b \b", out);
		}
	} else if (key >= ' ') {
		text_addc(&d->line, key);
		fputc(key, out);
	}
	fflush(out);
}

static void take_input(struct demo *d, const char *bytes, size_t len)
{
	if (!d->raw) {
		take_lines(d, bytes, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (d->typing)
			type_key(d, bytes[i]);
		else
			take_key(d, bytes[i]);
}

static void on_keys(struct ev_loop *loop, ev_io *w, int revents)
{
	char bytes[256];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	(void)revents;
	if (n > 0)
		take_input(container_of(w, struct demo, keys), bytes, (size_t)n);
	else
		ev_io_stop(loop, w);
}

static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	quit(w->data);
}

/* --- setting up --------------------------------------------------------------------------- */

static void start_keys(struct demo *d)
{
	struct termios raw;

	if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &d->terminal) == 0) {
		raw = d->terminal;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		d->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	ev_io_init(&d->keys, on_keys, STDIN_FILENO, EV_READ);
	ev_io_start(d->loop, &d->keys);
}

static void start_signals(struct demo *d)
{
	ev_signal_init(&d->interrupt, on_signal, SIGINT);
	ev_signal_init(&d->terminate, on_signal, SIGTERM);
	d->interrupt.data = d;
	d->terminate.data = d;
	ev_signal_start(d->loop, &d->interrupt);
	ev_signal_start(d->loop, &d->terminate);
}

static bool start_nodes(struct demo *d, struct error *err)
{
	static const char *const localities[] = { "region=demo,zone=a", "region=demo,zone=b",
		                                  "region=demo,zone=c" };
	struct simcluster_options o = { .nodes = d->nodes,
		                        .host = "127.0.0.1",
		                        .localities = localities,
		                        .locality_count = ARRAY_LEN(localities),
		                        .ctx = d,
		                        .event = on_node_event };

	for (unsigned int i = 0; i < PORT_TRIES && !d->cluster; i++) {
		if (d->only_nodes) {
			o.sql_port = (uint16_t)(NODE_SQL_PORT + 10 * i);
			o.http_port = (uint16_t)(NODE_HTTP_PORT + 10 * i);
		}
		d->cluster = simcluster_new(d->loop, &o, err);
		if (!d->cluster && (!d->only_nodes || err->errnum != EADDRINUSE))
			return false;
		if (!d->cluster && !i)
			d->taken = *err;
	}
	return d->cluster != NULL;
}

static bool start_all(struct demo *d, const char *asked, struct error *err)
{
	if (!start_nodes(d, err))
		return false;
	if (!d->only_nodes && (!start_balancer(d, asked, err) || !start_load(d, err)))
		return false;
	start_signals(d);
	start_keys(d);
	ev_timer_init(&d->sum_up, on_sum_up, 0., 0.);
	demowords_show_intro(d);
	return true;
}

static void release(struct demo *d)
{
	if (d->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &d->terminal);
	simload_free(d->load);
	supervisor_free(d->supervisor);
	simcluster_free(d->cluster);
	text_release(&d->line);
	ev_loop_destroy(d->loop);
}

static bool read_options(struct demo *d, const struct options *o, struct error *err)
{
	const char *nodes = options_value(o, "nodes");
	const char *port = options_value(o, "port");
	uint64_t n = 3;

	if (nodes && (!number_parse(nodes, NODES_MAX, &n) || n == 0))
		return error_set(err, "--nodes takes a number from 1 to %d", NODES_MAX);
	d->nodes = (uint32_t)n;
	d->only_nodes = options_has(o, "only-nodes");
	if (d->only_nodes && port)
		return error_set(err,
		                 "--port is of the balancer, and with --only-nodes there is none");
	n = 0;
	if (port && (!number_parse(port, 65535, &n) || n == 0))
		return error_set(err, "--port takes a number from 1 to 65535");
	d->sql_port = (uint16_t)n;
	return true;
}

int demo_main(const struct console *c, int argc, char **argv)
{
	struct demo d = { .console = c, .chosen = 1 };
	struct options o;
	struct error err;

	if (!options_parse(&o, COMMANDS_DEMO, argc, argv, &err) || !read_options(&d, &o, &err))
		return console_usage(c, commands_get(COMMANDS_DEMO), &err);
	d.loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!start_all(&d, options_value(&o, "port"), &err)) {
		release(&d);
		return console_fail(c, &err);
	}
	ev_run(d.loop, 0);
	release(&d);
	return CONSOLE_OK;
}
