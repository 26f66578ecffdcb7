/* SPDX-License-Identifier: MIT */
/* LAYERS: control engine report conf net core base */
#include "control/legacy.h"

#include "../unit/control/scene.h"

/*
 * Any lines can be left by a predecessor: what they say is in force within its bounds, and can be
 * written and taken again with the same result.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int ok)
{
	if (!ok)
		abort();
}

static void check_server(const struct topology_server *s)
{
	struct state state = topology_state(s);

	must(state.health < STATE_HEALTH_COUNT);
	must(state.counter < s->limits.rise + s->limits.fall);
	must(s->weight <= 256 && s->iweight <= 256 && s->ramp <= 100);
	must(s->check.code < PROBE_CODE_COUNT && s->agent.code < PROBE_CODE_COUNT);
	must(memchr(s->cause, '\0', sizeof(s->cause)) != NULL);
	must(s->limits.checked || (state.health != STATE_UP && state.health != STATE_CHECKING));
}

static void check_all(const struct topology *t)
{
	for (size_t i = 0; i < t->service_count; i++)
		for (size_t k = 0; k < t->services[i]->server_count; k++)
			check_server(t->services[i]->servers[k]);
}

static void take_all(struct topology *t, char *lines)
{
	char *line;

	while ((line = strsep(&lines, "\n")))
		legacy_take(t, line);
	legacy_settle(t);
	check_all(t);
}

static void write_all(struct topology *t, struct text *out)
{
	struct legacy_gains *gains = legacy_gains_new(t);

	legacy_write(t, out);
	legacy_gains_write(gains, out);
	legacy_gains_free(gains);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology *first = topology_new(scene_settings());
	struct topology *second = topology_new(scene_settings());
	AUTO_TEXT written = { 0 };
	AUTO_TEXT again = { 0 };
	char *lines = mem_zalloc(size + 1);
	char *copy;

	memcpy(lines, data, size);
	take_all(first, lines);
	write_all(first, &written);
	copy = mem_strdup(text_str(&written));
	take_all(second, copy);
	write_all(second, &again);
	must(strcmp(text_str(&written), text_str(&again)) == 0);
	free(copy);
	free(lines);
	topology_free(first);
	topology_free(second);
	return 0;
}
