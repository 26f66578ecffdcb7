/* SPDX-License-Identifier: MIT */
#include "statuscells.h"

#include "report/stamp.h"
#include "statusparts.h"

#include <inttypes.h>

/* --- filling ------------------------------------------------------------------------------ */

static struct statuscell *put(struct statuscells *c, const char *key, enum statuscell_kind kind,
                              int64_t number)
{
	struct statuscell *cell = &c->at[c->count++];

	*cell = (struct statuscell){ .key = key, .kind = kind, .number = number };
	return cell;
}

static void put_text(struct statuscells *c, const char *key, const char *text)
{
	put(c, key, STATUSCELL_TEXT, 0)->text = text;
}

static void put_own(struct statuscells *c, const char *key, uint64_t print,
                    void (*write)(struct text *out, const void *of), const void *of)
{
	struct statuscell *cell = put(c, key, STATUSCELL_OWN, (int64_t)print);

	cell->write = write;
	cell->of = of;
}

#define PUT(member, source) put(ret, #member, STATUSCELL_NUMBER, (int64_t)(source));
#define SKIP(member, source)

/* --- fingerprints ------------------------------------------------------------------------- */

/* FNV-1a */
#define FIRST_PRINT UINT64_C(0xcbf29ce484222325)

static uint64_t mix(uint64_t print, uint64_t word)
{
	return (print ^ word) * UINT64_C(0x100000001b3);
}

/* No string is what NULL is, and where one ends counts. */
static uint64_t mix_text(uint64_t print, const char *s)
{
	for (; s && *s; s++)
		print = mix(print, (unsigned char)*s);
	return mix(print, s ? 0x100 : 0x101);
}

static uint64_t print_binds(const struct snapshot_service *s)
{
	uint64_t print = FIRST_PRINT;

	for (size_t i = 0; i < s->bind_count; i++)
		print = mix_text(print, s->binds[i]);
	return print;
}

static uint64_t print_tiers(const struct snapshot_service *s)
{
	uint64_t print = FIRST_PRINT;

	for (uint32_t i = 0; i < s->tier_count && i < TIERS_MAX; i++)
		print = mix(print, s->tier_percent[i]);
	return print;
}

static uint64_t print_workers(const struct snapshot_process *p)
{
	uint64_t print = FIRST_PRINT;

	for (size_t i = 0; i < p->worker_count; i++)
		print = mix(print, p->worker_sessions[i]);
	return print;
}

static uint64_t print_predecessors(const struct snapshot_process *p)
{
	uint64_t print = FIRST_PRINT;

	for (size_t i = 0; i < p->predecessor_count; i++) {
		const struct snapshot_predecessor *one = &p->predecessors[i];

		print = mix(print, (uint64_t)one->pid);
		print = mix(print, one->sessions);
		print = mix(print, (uint64_t)one->since_wall_ms);
		print = mix(print, one->known);
	}
	return print;
}

static uint64_t print_fault(const struct snapshot_process *p, const struct snapshot_server *s)
{
	uint64_t print = mix(FIRST_PRINT, fault_pack(s->fault));

	return mix(print, s->fault_left_ms < 0 ? 0 : (uint64_t)(p->now_ms + s->fault_left_ms));
}

uint64_t statuscells_print(const struct statuscell *c)
{
	return c->kind == STATUSCELL_TEXT ? mix_text(FIRST_PRINT, c->text) : (uint64_t)c->number;
}

/* --- the process -------------------------------------------------------------------------- */

static void write_workers(struct text *out, const void *of)
{
	statusparts_add_workers(out, of);
}

static void write_predecessors(struct text *out, const void *of)
{
	statusparts_add_predecessors(out, of);
}

static void put_discovery(const struct snapshot_discovery *d, struct statuscells *ret)
{
	put(ret, "discovery", STATUSCELL_GROUP, d->on);
	put(ret, "known", STATUSCELL_NUMBER, (int64_t)d->known);
	put(ret, "joined", STATUSCELL_NUMBER, (int64_t)d->joined);
	put(ret, "elsewhere", STATUSCELL_NUMBER, (int64_t)d->elsewhere);
	put_text(ret, "from", d->from);
	put(ret, "failures", STATUSCELL_NUMBER, (int64_t)d->failures);
	put_text(ret, "error", d->error);
	put(ret, "discovery", STATUSCELL_END, 0);
}

void statuscells_of_process(const struct snapshot_process *p, struct statuscells *ret)
{
	ret->count = 0;
	put_text(ret, "node", p->node);
	STATUSPARTS_PROCESS(PUT, SKIP, p)
	put(ret, "listeners", STATUSCELL_NUMBER, p->listeners);
	put(ret, "stopping", STATUSCELL_FLAG, p->stopping);
	put_own(ret, "workers", print_workers(p), write_workers, p);
	put_own(ret, "predecessors", print_predecessors(p), write_predecessors, p);
	put_discovery(&p->discovery, ret);
}

/* --- a service ---------------------------------------------------------------------------- */

static void write_binds(struct text *out, const void *of)
{
	statusparts_add_binds(out, of);
}

static void write_tiers(struct text *out, const void *of)
{
	statusparts_add_tiers(out, of);
}

void statuscells_of_service(const struct snapshot_service *s, struct statuscells *ret)
{
	ret->count = 0;
	put(ret, "id", STATUSCELL_NUMBER, s->id);
	put_text(ret, "balance", s->balance);
	put_own(ret, "bind", print_binds(s), write_binds, s);
	put(ret, "up", STATUSCELL_FLAG, s->up);
	put(ret, "on_backup", STATUSCELL_FLAG, s->on_backup);
	put(ret, "panicking", STATUSCELL_FLAG, s->panicking);
	put(ret, "since", STATUSCELL_TIME, s->since_wall_ms);
	STATUSPARTS_SERVICE(PUT, SKIP, s)
	STATUSPARTS_SERVICE_MORE(PUT, s)
	put(ret, "ended", STATUSCELL_GROUP, 1);
	for (enum reason r = 0; r < REASON_COUNT; r++)
		put(ret, reason_key(r), STATUSCELL_NUMBER, (int64_t)s->ended[r]);
	put(ret, "ended", STATUSCELL_END, 0);
	put_own(ret, "tier_percent", print_tiers(s), write_tiers, s);
}

/* --- a server ----------------------------------------------------------------------------- */

static void write_admin(struct text *out, const void *of)
{
	statusparts_add_admin(out, of);
}

static void write_fault(struct text *out, const void *of)
{
	statusparts_add_fault(out, of);
}

static void put_state(const struct snapshot_server *s, struct statuscells *ret)
{
	put_text(ret, "state", s->status);
	put_text(ret, "health", state_health_key(s->state.health));
	put(ret, "counter", STATUSCELL_NUMBER, s->state.counter);
	put(ret, "rise", STATUSCELL_NUMBER, s->limits.rise);
	put(ret, "fall", STATUSCELL_NUMBER, s->limits.fall);
	put(ret, "checked", STATUSCELL_FLAG, s->limits.checked);
	put_own(ret, "admin", s->state.admin, write_admin, &s->state);
	put(ret, "usable", STATUSCELL_FLAG, s->usable);
	put(ret, "backup", STATUSCELL_FLAG, s->backup);
	put(ret, "since", STATUSCELL_TIME, s->since_wall_ms);
	put_text(ret, "cause", s->cause);
}

static void put_times(struct statuscells *ret, const char *key, uint32_t average, uint32_t max)
{
	put(ret, key, STATUSCELL_GROUP, 1);
	put(ret, "average", STATUSCELL_NUMBER, average);
	put(ret, "max", STATUSCELL_NUMBER, max);
	put(ret, key, STATUSCELL_END, 0);
}

static void put_check(const struct snapshot_server *s, struct statuscells *ret)
{
	const struct probe_result *r = &s->check;

	put(ret, "check", STATUSCELL_GROUP, statusparts_has_check(s));
	put_text(ret, "type", s->check_type);
	put_text(ret, "code", probe_code_name(r->code));
	put_text(ret, "words", probe_code_words(r->code));
	put(ret, "passed", STATUSCELL_FLAG, probe_code_passed(r->code));
	put(ret, "draining", STATUSCELL_FLAG, r->draining);
	put(ret, "status", STATUSCELL_NUMBER, r->status);
	put_text(ret, "info", r->info);
	put(ret, "duration_ms", STATUSCELL_NUMBER, r->duration_ms);
	put(ret, "time", STATUSCELL_TIME, s->check_wall_ms);
	put(ret, "check", STATUSCELL_END, 0);
}

void statuscells_of_server(const struct snapshot_process *p, const struct snapshot_server *s,
                           struct statuscells *ret)
{
	ret->count = 0;
	put(ret, "id", STATUSCELL_NUMBER, s->id);
	put_text(ret, "address", s->address);
	put_text(ret, "host", s->host);
	put_text(ret, "locality", s->locality);
	put_text(ret, "node", s->target);
	put_state(s, ret);
	STATUSPARTS_SERVER(PUT, SKIP, s)
	STATUSPARTS_SERVER_MORE(PUT, s)
	put_times(ret, "queue_ms", s->queue_ms, s->queue_max_ms);
	put_times(ret, "connect_ms", s->connect_ms, s->connect_max_ms);
	put_times(ret, "session_ms", s->total_ms, s->total_max_ms);
	put_own(ret, "fault", print_fault(p, s), write_fault, s);
	put_check(s, ret);
}

/* --- writing ------------------------------------------------------------------------------ */

void statuscells_write(const struct statuscell *c, struct text *out)
{
	switch (c->kind) {
	case STATUSCELL_NUMBER:
		text_addf(out, "%" PRId64, c->number);
		break;
	case STATUSCELL_FLAG:
		text_add(out, c->number ? "true" : "false");
		break;
	case STATUSCELL_TIME:
		text_addc(out, '"');
		stamp_add_rfc3339(out, c->number);
		text_addc(out, '"');
		break;
	case STATUSCELL_TEXT:
		if (c->text)
			text_add_json(out, c->text);
		else
			text_add(out, "null");
		break;
	case STATUSCELL_OWN:
		c->write(out, c->of);
		break;
	case STATUSCELL_GROUP:
	case STATUSCELL_END:
		break;
	}
}
