/* SPDX-License-Identifier: MIT */
/*
 * How often clients connect, as HAProxy's stick-tables of type ip with conn_rate show it: a table
 * for each frontend with a conn_rate_limit, of its name.
 */
#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"
#include "call.h"
#include "core/ratetable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FILTERS_MAX = 4 };

enum comparison { EQ, NE, LE, GE, LT, GT, COMPARISONS };

static const char *const comparisons[COMPARISONS] = { "eq", "ne", "le", "ge", "lt", "gt" };

/* What HAProxy can store, besides conn_rate. */
static const char *const other_types[] = {
	"server_id",     "gpt",           "gpt0",           "gpc",
	"gpc_rate",      "gpc0",          "gpc0_rate",      "gpc1",
	"gpc1_rate",     "conn_cnt",      "conn_cur",       "sess_cnt",
	"sess_rate",     "http_req_cnt",  "http_req_rate",  "http_err_cnt",
	"http_err_rate", "http_fail_cnt", "http_fail_rate", "bytes_in_cnt",
	"bytes_in_rate", "bytes_out_cnt", "bytes_out_rate",
};

/* Which entries are meant: one key, or those that pass all filters. */
struct wanted {
	bool by_key, bad_key;
	struct addr_ip key;
	size_t count;
	struct {
		enum comparison how;
		uint64_t value;
	} filters[FILTERS_MAX];
};

static bool passes(const struct wanted *w, const struct ratetable_entry *e)
{
	for (size_t i = 0; i < w->count; i++) {
		uint64_t v = w->filters[i].value;
		const bool results[COMPARISONS] = { [EQ] = e->rate == v,
			                            [NE] = e->rate != v,
			                            [LE] = e->rate <= v,
			                            [GE] = e->rate >= v,
			                            [LT] = e->rate<v, [GT] = e->rate> v };

		if (!results[w->filters[i].how])
			return false;
	}
	return true;
}

/* --- arguments ---------------------------------------------------------------------------- */

static bool is_stored(struct call *c, const char *type, size_t entry)
{
	if (strcmp(type, "conn_rate") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(other_types); i++)
		if (strcmp(type, other_types[i]) == 0) {
			call_say(c, CALL_ERROR,
			         "Filter entry #%zu: Data type not stored in this table", entry);
			return false;
		}
	call_say(c, CALL_ERROR, "Filter entry #%zu: Unknown data type", entry);
	return false;
}

static bool take_filter(struct call *c, size_t at, struct wanted *w)
{
	size_t entry = w->count + 1;
	const char *how = call_arg(c, at + 1);
	const char *value = call_arg(c, at + 2);
	enum comparison k = EQ;

	if (!is_stored(c, c->args[at] + strlen("data."), entry))
		return false;
	while (how && k < COMPARISONS && strcmp(how, comparisons[k]) != 0)
		k++;
	if (!how || k == COMPARISONS) {
		call_say(c, CALL_ERROR,
		         "Filter entry #%zu: Require and operator among \"eq\", \"ne\", \"le\", "
		         "\"ge\", \"lt\", \"gt\"",
		         entry);
		return false;
	}
	if (!value || !number_parse(value, INT64_MAX, &w->filters[w->count].value)) {
		call_say(c, CALL_ERROR,
		         "Filter entry #%zu: Require a valid integer value to compare against",
		         entry);
		return false;
	}
	w->filters[w->count++].how = k;
	return true;
}

static bool take_key(struct call *c, struct wanted *w)
{
	const char *key = call_arg(c, 2);
	struct addr a;

	if (!key) {
		call_say(c, CALL_ERROR, "Key value expected");
		return false;
	}
	w->by_key = true;
	w->bad_key = !*key || strcmp(key, "*") == 0 || !addr_parse_ip(key, 0, &a);
	if (!w->bad_key)
		w->key = addr_pack(&a);
	return true;
}

/* From the word after the table's name on; `usage`: the answer to what is neither. */
static bool take_words(struct call *c, const char *usage, struct wanted *w)
{
	const char *first = call_arg(c, 1);
	size_t at = 1;

	if (!first)
		return true;
	if (strcmp(first, "key") == 0)
		return call_may(c, SETTINGS_LEVEL_OPERATOR) && take_key(c, w);
	for (; at < c->count && w->count < FILTERS_MAX; at += 3) {
		if (strncmp(c->args[at], "data.", 5) != 0)
			break;
		if (!take_filter(c, at, w))
			return false;
	}
	if (at >= c->count)
		return true;
	call_say(c, CALL_ERROR, "%s", usage);
	return false;
}

/* --- tables ------------------------------------------------------------------------------- */

static const struct topology_frontend *find(struct call *c, const char *name)
{
	const struct topology_frontend *f = topology_find_frontend(c->ctx->daemon->topology, name);

	if (f && f->rates)
		return f;
	call_say(c, CALL_ERROR, "No such table");
	return NULL;
}

/*
 * The wanted entries, copied so that nobody who accepts waits for their being written; the caller
 * frees them.
 */
static struct ratetable_entry *collect(struct ratetable *t, const struct wanted *w, int64_t now,
                                       size_t *ret_count)
{
	uint32_t used = ratetable_used(t, now);
	struct ratetable_entry *list = mem_zalloc((used + 1UL) * sizeof(*list));
	size_t cursor = 0;
	size_t n = 0;

	if (w->by_key)
		n = !w->bad_key && ratetable_find(t, &w->key, now, &list[0]);
	else
		while (n < used && ratetable_next(t, &cursor, now, &list[n]))
			n += passes(w, &list[n]);
	*ret_count = n;
	return list;
}

static void write_entry(const struct ratetable_entry *e, size_t number, uint32_t period_ms,
                        struct text *out)
{
	struct addr a = addr_unpack(&e->address);
	char key[ADDR_TEXT_MAX];

	text_addf(out, "0x%zx: key=%s use=0 exp=%" PRId64 " conn_rate(%u)=%u\n", number,
	          addr_format_host(&a, key), e->expires_ms, period_ms, e->rate);
}

static void show(struct call *c, const struct topology_frontend *f, const struct wanted *w,
                 bool entries)
{
	struct crew *crew = c->ctx->daemon->crew;
	struct ratetable *t = crew_lock_rates(crew, f);
	struct ratetable_entry *list = NULL;
	int64_t now = tick_ms();
	uint32_t size, used;
	size_t count = 0;

	if (!t)
		return;
	if (entries)
		list = collect(t, w, now, &count);
	size = ratetable_size(t);
	used = ratetable_used(t, now);
	crew_unlock_rates(crew, f);
	if (!w->by_key || count)
		text_addf(c->out, "# table: %s, type: ip, size:%u, used:%u\n", f->settings->name,
		          size, used);
	for (size_t i = 0; i < count; i++)
		write_entry(&list[i], i + 1, f->settings->conn_rate_limit.period_ms, c->out);
	free(list);
}

void tablecalls_show(struct call *c)
{
	const struct topology *t = c->ctx->daemon->topology;
	const struct topology_frontend *f;
	struct wanted w = { 0 };

	if (c->count == 0) {
		for (size_t i = 0; i < t->service_count; i++)
			for (size_t k = 0; k < t->services[i]->frontend_count; k++)
				if (t->services[i]->frontends[k]->rates)
					show(c, t->services[i]->frontends[k], &w, false);
		return;
	}
	f = find(c, c->args[0]);
	if (f && take_words(c,
	                    "Optional argument only supports \"data.<store_data_type>\" "
	                    "<operator> <value> and key <key>",
	                    &w))
		show(c, f, &w, true);
}

static void clear(struct call *c, const struct topology_frontend *f, const struct wanted *w)
{
	struct crew *crew = c->ctx->daemon->crew;
	struct ratetable *t = crew_lock_rates(crew, f);
	struct ratetable_entry *list;
	size_t count;

	if (!t)
		return;
	list = collect(t, w, tick_ms(), &count);
	for (size_t i = 0; i < count; i++)
		ratetable_forget(t, &list[i].address);
	crew_unlock_rates(crew, f);
	free(list);
}

/* HAProxy lets any client clear a table as a whole: here it takes an operator. */
void tablecalls_clear(struct call *c)
{
	static const char usage[] = "Required arguments: <table> \"data.<store_data_type>\" "
	                            "<operator> <value> or <table> key <key>";
	const struct topology_frontend *f;
	struct wanted w = { 0 };

	if (c->count == 0) {
		call_say(c, CALL_ERROR, "%s", usage);
		return;
	}
	f = find(c, c->args[0]);
	if (f && call_may(c, SETTINGS_LEVEL_OPERATOR) && take_words(c, usage, &w))
		clear(c, f, &w);
}

/* What has been counted is not for setting; an entry without anything counted says nothing. */
void tablecalls_set(struct call *c)
{
	static const char usage[] =
	    "Required arguments: <table> key <key> [data.<store_data_type> <value>]*";

	if (c->count == 0) {
		call_say(c, CALL_ERROR, "%s", usage);
		return;
	}
	if (!find(c, c->args[0]) || !call_arg(c, 1))
		return;
	if (strcmp(c->args[1], "key") != 0)
		call_say(c, CALL_ERROR, "%s", usage);
	else if (!call_arg(c, 2))
		call_say(c, CALL_ERROR, "Key value expected");
	else if (call_may(c, SETTINGS_LEVEL_ADMIN) && call_arg(c, 3))
		call_say(c, CALL_ERROR, "What a table counts cannot be set.");
}
