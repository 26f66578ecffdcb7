/* SPDX-License-Identifier: MIT */
/* LAYERS: control engine report conf net core base */
#include "control/carried.h"
#include "control/legacy.h"

#include "../unit/control/scene.h"

/*
 * Any lines can be left by a predecessor: what they say is in force within its bounds, and can be
 * written and taken again with the same result.  So can what it tells of its sessions, and what its
 * successor orders of them.
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

static void check_order(const struct topology *t, char *line)
{
	struct carried_order first;
	struct carried_order second;
	AUTO_TEXT written = { 0 };
	AUTO_TEXT copy = { 0 };
	AUTO_TEXT again = { 0 };

	if (!carried_order_read(line, &first))
		return;
	must(first.kind <= CARRIED_KILL && first.order <= ROSTER_HEALTH_DOWN);
	must(first.deadline_ms <= INT32_MAX);
	if (first.kind != CARRIED_REPORT && first.kind != CARRIED_KILL)
		carried_order_server(&first, t);
	carried_order_write(&first, &written);
	carried_order_write(&first, &copy);
	written.data[written.len - 1] = '\0';
	must(carried_order_read(written.data, &second));
	carried_order_write(&second, &again);
	must(strcmp(text_str(&copy), text_str(&again)) == 0);
}

static void check_carried(const struct topology *t, const char *lines)
{
	struct carried_book *book = carried_book_new();
	char *told = mem_strdup(lines);
	char *orders = mem_strdup(lines);
	char *rest = told;
	char *line;

	while ((line = strsep(&rest, "\n")))
		carried_book_take(book, line);
	must(carried_book_process(book)->pid >= 0 &&
	     carried_book_process(book)->since_wall_ms >= 0);
	carried_book_sessions(book, t->services[0]->servers[0]);
	rest = orders;
	while ((line = strsep(&rest, "\n")))
		check_order(t, line);
	free(orders);
	free(told);
	carried_book_free(book);
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
	check_carried(first, lines);
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
