/* SPDX-License-Identifier: MIT */
/*
 * pick: what choosing a server costs, without any connection.
 *
 *   pick [--servers N,N...] [--rounds N]
 *
 * For each way of balancing and each number of servers a line: its name, the servers, then the
 * nanoseconds of one choice: median of the rounds, lowest, highest.  A round chooses for some
 * thousand clients, each of another address, one after the other in one thread, and its time is
 * the thread's own on a CPU; that they leave again is not in it.  Servers are alike in the first
 * half of the lines; in the second half ("+") they have different weights and limits of sessions.
 */
#include "core/pool.h"

#include "base/number.h"
#include "base/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EXIT_USAGE = 2, CLIENTS = 2000, ROUNDS_MAX = 1001, SIZES_MAX = 16, SERVERS_MAX = 10000 };

struct way {
	const char *name;
	enum settings_balance balance;
	enum settings_hash_type type;
	uint32_t balance_factor;
};

static const struct way ways[] = {
	{ "roundrobin", SETTINGS_ROUNDROBIN, SETTINGS_HASH_MAP, 0 },
	{ "static-rr", SETTINGS_STATIC_RR, SETTINGS_HASH_MAP, 0 },
	{ "leastconn", SETTINGS_LEASTCONN, SETTINGS_HASH_MAP, 0 },
	{ "random", SETTINGS_RANDOM, SETTINGS_HASH_MAP, 0 },
	{ "first", SETTINGS_FIRST, SETTINGS_HASH_MAP, 0 },
	{ "source", SETTINGS_SOURCE, SETTINGS_HASH_MAP, 0 },
	{ "hash-map", SETTINGS_HASH, SETTINGS_HASH_MAP, 0 },
	{ "hash-consistent", SETTINGS_HASH, SETTINGS_HASH_CONSISTENT, 0 },
	{ "hash-bounded", SETTINGS_HASH, SETTINGS_HASH_CONSISTENT, 125 },
};

struct options {
	uint64_t sizes[SIZES_MAX];
	size_t size_count;
	uint64_t rounds;
};

/* Limits that leave room: all clients have a place at once, and "first" needs all servers. */
static struct settings_server make_server(size_t i, size_t count, bool varied)
{
	return (struct settings_server){
		.host = "127.0.0.1",
		.port = 26257,
		.weight = varied ? (uint16_t)(1 + i % 7) : 1,
		.maxconn = varied ? (uint32_t)(CLIENTS / count + 2) : 0,
		.node = i,
	};
}

/* A service of unchecked servers: usable from the start. */
static struct topology *make_topology(const struct way *way, size_t count, bool varied)
{
	struct settings *s = settings_new();
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));
	struct settings_server *servers = mem_arena_zalloc(&s->arena, count * sizeof(*servers));
	struct settings_target *targets = mem_arena_zalloc(&s->arena, count * sizeof(*targets));
	char(*names)[24] = mem_arena_zalloc(&s->arena, count * sizeof(*names));

	*service = settings_service_default();
	service->name = "pick";
	service->balance = way->balance;
	service->hash.type = way->type;
	service->hash.balance_factor = way->balance_factor;
	service->servers = servers;
	service->server_count = count;
	for (size_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu", i + 1);
		servers[i] = make_server(i, count, varied);
		servers[i].name = names[i];
		targets[i] = (struct settings_target){
			.name = names[i],
			.host = servers[i].host,
			.check = settings_check_default(SETTINGS_CHECK_NONE),
		};
	}
	s->services = service;
	s->service_count = 1;
	s->targets = targets;
	s->target_count = count;
	return topology_new(s);
}

static int64_t now_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct pool_request make_request(struct rng *rng)
{
	static const struct pool_tried none;
	struct pool_request r = { .tried = &none, .random = rng_next(rng) };

	r.client.family = r.local.family = AF_INET;
	memcpy(r.client.bytes, &r.random, 4);
	return r;
}

/* Nanoseconds of a choice, when so many clients come and stay; then they leave. */
static double run_round(struct topology_service *service, struct rng *rng)
{
	static struct pool_request requests[CLIENTS];
	static struct topology_server *chosen[CLIENTS];
	static enum pool_verdict verdicts[CLIENTS];
	int64_t took;

	for (size_t i = 0; i < CLIENTS; i++)
		requests[i] = make_request(rng);
	took = now_cpu();
	for (size_t i = 0; i < CLIENTS; i++)
		verdicts[i] = pool_claim(service, &requests[i], &chosen[i]);
	took = now_cpu() - took;
	for (size_t i = 0; i < CLIENTS; i++)
		if (verdicts[i] == POOL_CLAIMED)
			pool_release(chosen[i]);
	return (double)took / CLIENTS;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void measure(const struct way *way, size_t count, bool varied, size_t rounds)
{
	static double seen[ROUNDS_MAX];
	struct topology *t = make_topology(way, count, varied);
	struct rng rng = { count };

	run_round(t->services[0], &rng); /* builds tables of hashes, fills caches */
	for (size_t i = 0; i < rounds; i++)
		seen[i] = run_round(t->services[0], &rng);
	qsort(seen, rounds, sizeof(seen[0]), compare);
	printf("%s%s %zu %.1f %.1f %.1f\n", way->name, varied ? "+" : "", count, seen[rounds / 2],
	       seen[0], seen[rounds - 1]);
	fflush(stdout);
	topology_free(t);
}

static bool parse_sizes(struct options *o, char *s)
{
	char *rest = NULL;

	o->size_count = 0;
	for (char *p = strtok_r(s, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
		if (o->size_count == SIZES_MAX ||
		    !number_parse(p, SERVERS_MAX, &o->sizes[o->size_count]) ||
		    !o->sizes[o->size_count++])
			return false;
	return o->size_count > 0;
}

static bool parse_options(struct options *o, int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		bool good = false;

		if (strcmp(argv[i], "--servers") == 0)
			good = parse_sizes(o, argv[i + 1]);
		else if (strcmp(argv[i], "--rounds") == 0)
			good = number_parse(argv[i + 1], ROUNDS_MAX, &o->rounds) && o->rounds;
		if (!good)
			return false;
	}
	return argc % 2 == 1;
}

int main(int argc, char **argv)
{
	struct options o = { .sizes = { 3, 10, 100, 1000 }, .size_count = 4, .rounds = 21 };

	if (!parse_options(&o, argc, argv)) {
		fputs("usage: pick [--servers N,N...] [--rounds N]\n", stderr);
		return EXIT_USAGE;
	}
	for (int varied = 0; varied < 2; varied++)
		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			for (size_t k = 0; k < o.size_count; k++)
				measure(&ways[i], o.sizes[k], varied, o.rounds);
	return EXIT_SUCCESS;
}
