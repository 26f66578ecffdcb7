/* SPDX-License-Identifier: MIT */
#include "followed.h"

#include "base/mem.h"
#include "base/tick.h"
#include "control/carried.h"
#include "supervising.h"

#include <stdlib.h>
#include <unistd.h>

struct followed {
	struct supervisor *s;
	struct carried_tally *tally;
	struct carried_process told;
	bool asked;  /* the other one wants to know */
	bool obeyed; /* ... and that is to be told */
};

struct followed *followed_new(struct supervisor *s)
{
	struct followed *f = mem_zalloc(sizeof(*f));

	f->s = s;
	f->tally = carried_tally_new(s->daemon.topology);
	f->told = (struct carried_process){ .pid = getpid(), .since_wall_ms = tick_wall_ms() };
	return f;
}

void followed_free(struct followed *f)
{
	if (f)
		carried_tally_free(f->tally);
	free(f);
}

static void obey_server(const struct followed *f, const struct carried_order *o)
{
	struct topology_server *s = carried_order_server(o, f->s->daemon.topology);
	struct roster *roster = f->s->daemon.roster;

	if (!s)
		return;
	if (o->kind == CARRIED_ORDER)
		roster_order(roster, s, o->order);
	else if (o->kind == CARRIED_DRAIN)
		roster_drain(roster, s, o->deadline_ms);
	else
		crew_end_sessions(f->s->daemon.crew, s, REASON_KILLED);
}

bool followed_hear(struct followed *f, char *line)
{
	struct carried_order o;

	if (!carried_order_read(line, &o))
		return false;
	switch (o.kind) {
	case CARRIED_REPORT:
		f->asked = true;
		carried_tally_forget(f->tally);
		break;
	case CARRIED_KILL:
		crew_kill(f->s->daemon.crew, o.session);
		break;
	case CARRIED_ORDER:
	case CARRIED_DRAIN:
	case CARRIED_END:
		obey_server(f, &o);
		break;
	}
	/* Who chose a server before it was drained is counted on it afterwards. */
	crew_barrier(f->s->daemon.crew);
	f->told.seen = o.seq;
	f->obeyed = true;
	return true;
}

bool followed_tell(struct followed *f, struct text *out)
{
	uint32_t sessions = crew_connections(f->s->daemon.crew);

	if (!f->asked ||
	    (!carried_tally_write(f->tally, out) && !f->obeyed && sessions == f->told.sessions))
		return false;
	f->told.sessions = sessions;
	f->obeyed = false;
	carried_process_write(&f->told, out);
	return true;
}
