/* SPDX-License-Identifier: MIT */
#include "livepage.h"

#include "eventfeed.h"
#include "eventfollow.h"
#include "report/stamp.h"

#include <inttypes.h>
#include <unistd.h>

enum { RETRY_MS = 1000 };

/* Its id is that of the last entry that is not sent after it: who reconnects begins there. */
static void add_hello(struct text *out, const struct daemon *d, uint64_t id)
{
	text_addf(out,
	          "retry: %d\nid: %" PRIu64 "\nevent: hello\n"
	          "data: {\"seq\":%" PRIu64 ",\"pid\":%d,\"start_time\":\"",
	          RETRY_MS, id, journal_last(d->journal), getpid());
	stamp_add_rfc3339(out, d->start_wall_ms);
	text_add(out, "\",\"version\":");
	text_add_json(out, SLUICE_VERSION);
	text_add(out, "}\n\n");
}

void livepage_get(struct exchange *x)
{
	const struct journal *j = x->daemon->journal;
	uint64_t next = journal_last(j) + 1;
	uint64_t seq = eventfeed_first(x, next);
	const struct journal_event *e;

	if (!eventfollow_may(x))
		return;
	/* A number of another process. */
	if (seq > next)
		seq = next;
	x->follow = x->live = true;
	/* A proxy in between passes on what comes, as it comes. */
	text_add(&x->fields, "X-Accel-Buffering: no\r\n");
	add_hello(&x->body, x->daemon, seq - 1);
	for (; (e = journal_find(j, seq)); seq = e->seq + 1)
		eventfeed_add(&x->body, e);
}
