/* SPDX-License-Identifier: MIT */
#include "demoparts.h"

#include <errno.h>
#include <string.h>

static const char *plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}

void demowords_show_words(const struct demo *d)
{
	const char *const *names = simnode_command_names();

	fputs("  words of a node:", d->console->out);
	for (size_t i = 0; names[i]; i++)
		fprintf(d->console->out, " %s", names[i]);
	fputc('\n', d->console->out);
	fflush(d->console->out);
}

void demowords_show_commands(const struct demo *d)
{
	FILE *out = d->console->out;

	if (d->raw)
		fprintf(out,
		        "Keys: 1-%u choose a node   d drain it   k kill it   f freeze it   r "
		        "bring it back   %sq quit   ? this help\n"
		        "  : and a line, as \":2 slow 400ms\", \":1 decommission done\" or "
		        "\":all reset\"\n",
		        d->nodes, d->only_nodes ? "" : "s sum up   ");
	else
		fprintf(out,
		        "Commands: drain N, kill N, freeze N, reset N, %squit\n"
		        "  and the nodes' own, as \"2 slow 400ms\", \"1 decommission done\" or "
		        "\"all reset\"\n",
		        d->only_nodes ? "" : "sum, ");
	demowords_show_words(d);
}

static void show_taken(const struct demo *d)
{
	static const char before[] = "listen on 127.0.0.1:";
	const char *port = strstr(d->taken.text, before);

	if (port && d->taken.errnum == EADDRINUSE) {
		port += strlen(before);
		fprintf(d->console->out, "\n%.*s is in use", (int)strspn(port, "0123456789"), port);
	} else {
		fprintf(d->console->out, "\n%s", d->taken.text);
	}
	if (d->only_nodes)
		fprintf(d->console->out, ": these nodes have other ports\n");
	else
		fprintf(d->console->out, ": this demo has %u, %u, %u and %s\n", d->sql_port,
		        d->admin_port, d->console_port, d->socket);
}

static void show_only_nodes(const struct demo *d)
{
	FILE *out = d->console->out;
	uint16_t first = addr_port(simnode_http_addr(simcluster_node(d->cluster, 1)));

	if (d->taken.text[0])
		show_taken(d);
	fprintf(out, "\n%u simulated CockroachDB node%s, and nothing in front of %s:\n\n", d->nodes,
	        plural(d->nodes), d->nodes > 1 ? "them" : "it");
	for (uint32_t i = 1; i <= d->nodes; i++) {
		const struct simnode *n = simcluster_node(d->cluster, i);

		fprintf(out, "  n%u   SQL 127.0.0.1:%u   HTTP 127.0.0.1:%u\n", i,
		        addr_port(simnode_sql_addr(n)), addr_port(simnode_http_addr(n)));
	}
	fprintf(out,
	        "\nIn another terminal:\n\n"
	        "  sluice gen --from http://127.0.0.1:%u | tee sluice.conf\n"
	        "  sluice lint; sluice run\n\n",
	        first);
}

static void show_nodes(const struct demo *d)
{
	FILE *out = d->console->out;

	if (d->taken.text[0])
		show_taken(d);
	fprintf(out, "\n%u simulated CockroachDB node%s (n1", d->nodes, plural(d->nodes));
	if (d->nodes > 1)
		fprintf(out, " to n%u", d->nodes);
	fprintf(out, "), a balancer in front of %s, and %d clients.\n\n",
	        d->nodes > 1 ? "them" : "it", DEMO_CLIENTS);
}

static void show_all(const struct demo *d)
{
	FILE *out = d->console->out;

	show_nodes(d);
	fprintf(out,
	        "  dashboard   http://127.0.0.1:%u/\n"
	        "  SQL         psql -h 127.0.0.1 -p %u -U root -c 'SHOW node_id'\n"
	        "  DB console  http://127.0.0.1:%u/\n\n"
	        "In another terminal:\n\n"
	        "  export SLUICE_SOCKET=%s\n"
	        "  sluice status        sluice watch        sluice drain n1 --deadline 5s --wait "
	        "30s\n\n",
	        d->admin_port, d->sql_port, d->console_port, d->socket);
}

void demowords_show_intro(const struct demo *d)
{
	if (d->only_nodes)
		show_only_nodes(d);
	else
		show_all(d);
	demowords_show_commands(d);
	fputs("\n", d->console->out);
	fflush(d->console->out);
}

void demowords_show_sum(const struct demo *d)
{
	struct simload_counts now = simload_counts(d->load);
	unsigned long long ok = now.ok - d->before.ok;
	unsigned long long sessions = now.sessions - d->before.sessions;
	unsigned long long cut = now.cut - d->before.cut;
	unsigned long long failed = now.failed - d->before.failed;

	fprintf(d->console->out,
	        "  clients, in the last %.0f s: %llu quer%s answered, %llu new session%s, %llu "
	        "session%s cut, %llu connect%s failed; %u session%s open\n",
	        ev_now(d->loop) - d->before_at, ok, ok == 1 ? "y" : "ies", sessions,
	        plural(sessions), cut, plural(cut), failed, plural(failed), now.now,
	        plural(now.now));
	fflush(d->console->out);
}
