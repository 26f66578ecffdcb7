/* SPDX-License-Identifier: MIT */
/* LAYERS: report core base */
/*
 * Any text as the events of a simulation.  Beyond not crashing: what is refused is explained, what
 * is taken is written and read again as the same, and a simulation with it conserves its sessions
 * or says which limit it meets.
 */
#include "core/simulation.h"
#include "report/simview.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SERVERS = 3, SIMULATED_MAX = 12, FOR_MS = 20000, STEP_MS = 2500 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct settings *make(unsigned int variant)
{
	static const char *const names[SERVERS] = { "n1", "n2", "n3" };
	struct settings *s = settings_new();
	struct settings_server *servers = mem_arena_zalloc(&s->arena, SERVERS * sizeof(*servers));
	struct settings_target *targets = mem_arena_zalloc(&s->arena, SERVERS * sizeof(*targets));
	struct settings_service *service = mem_arena_zalloc(&s->arena, sizeof(*service));

	*service = settings_service_default();
	service->name = "psql";
	service->here = "region=eu";
	service->balance = variant & 1 ? SETTINGS_LEASTCONN : SETTINGS_RANDOM;
	service->hold_ms = variant & 2 ? 3000 : 0;
	service->protocol = variant & 4 ? SETTINGS_PROTOCOL_PGWIRE : SETTINGS_PROTOCOL_TCP;
	service->servers = servers;
	service->server_count = SERVERS;
	for (size_t i = 0; i < SERVERS; i++) {
		servers[i] = settings_server_default();
		servers[i].name = servers[i].host = targets[i].name = targets[i].host = names[i];
		servers[i].locality = i ? "region=eu,zone=a" : "region=us";
		servers[i].node = i;
		servers[i].maxconn = variant & 8 ? 20 : 0;
		servers[i].slowstart_ms = 5000;
		servers[i].shutdown_on_down = true;
		targets[i].check = settings_check_default(SETTINGS_CHECK_HTTP);
		targets[i].check.path = "/health?ready=1";
	}
	s->services = service;
	s->service_count = 1;
	s->targets = targets;
	s->target_count = SERVERS;
	return s;
}

static void judge(const struct simulation_result *r)
{
	for (size_t i = 0; i < r->row_count; i++) {
		const struct simulation_counts *c = &r->rows[i].counts;

		must(c->arrived ==
		     c->ended + c->cut + c->moved + c->refused + c->live + c->waiting);
	}
}

static void run(const struct simevent_list *l)
{
	struct simulation_options o = { .for_ms = FOR_MS,
		                        .step_ms = STEP_MS,
		                        .rate = { .count = 10, .period_ms = 1000 },
		                        .session = { .ms = 4000 },
		                        .pool = l->count & 1 ? 20 : 0,
		                        .seed = l->count,
		                        .events = l };
	const struct simview v = { .width = 80 };
	struct settings *s = make((unsigned int)l->at[0].at_ms);
	struct simulation_result r;
	struct error err = { 0 };
	AUTO_TEXT out = { 0 };

	if (simulation_run(s, &o, &r, &err)) {
		judge(&r);
		simview_write(&v, &o, &r, &out);
		simview_write_json(&o, &r, &out);
		must(strlen(text_str(&out)) == out.len);
	} else {
		must(err.text[0] != '\0');
	}
	simulation_release(&r);
	settings_free(s);
}

static void read_again(const struct simevent_list *l)
{
	struct simevent_list again = { 0 };
	char words[SIMEVENT_TEXT_MAX];
	char once_more[SIMEVENT_TEXT_MAX];
	AUTO_TEXT text = { 0 };

	for (size_t i = 0; i < l->count; i++)
		text_addf(&text, "%s at %lldms\n", simevent_format(&l->at[i], words),
		          (long long)l->at[i].at_ms);
	must(simevent_parse(&again, text_str(&text), NULL, NULL));
	must(again.count == l->count);
	for (size_t i = 0; i < l->count; i++) {
		must(again.at[i].at_ms == l->at[i].at_ms);
		must(strcmp(simevent_format(&again.at[i], once_more),
		            simevent_format(&l->at[i], words)) == 0);
	}
	simevent_release(&again);
}

/* What costs much has been tried elsewhere. */
static bool is_cheap(const struct simevent_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].value > 10000 || l->at[i].rate.count > 100)
			return false;
	return l->count > 0 && l->count <= SIMULATED_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct simevent_list l = { 0 };
	struct error err = { 0 };
	unsigned int line = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	if (simevent_parse(&l, text, &line, &err)) {
		read_again(&l);
		simevent_sort(&l);
		if (is_cheap(&l))
			run(&l);
	} else {
		must(err.text[0] != '\0' && line > 0);
	}
	simevent_release(&l);
	free(text);
	return 0;
}
