/* SPDX-License-Identifier: MIT */
#include "eventfollow.h"

#include "base/cleanup.h"
#include "eventfeed.h"

static void on_event(struct daemon_follower *f, const struct journal_event *e)
{
	struct exchange_visitor *v = container_of(f, struct exchange_visitor, follower);
	AUTO_TEXT line = { 0 };

	eventfeed_add(&line, e);
	exchange_send(v, &line);
	stream_flush(v->stream);
}

static void on_text(struct live_follower *f, const struct text *t)
{
	struct exchange_visitor *v = container_of(f, struct exchange_visitor, live);

	exchange_send(v, t);
	stream_flush(v->stream);
}

bool eventfollow_may(struct exchange *x)
{
	size_t places = x->stream->server->max_clients;

	if (x->endpoint->followers < places - places / 4)
		return true;
	exchange_say(x, 503, "Too many follow events already.");
	text_add(&x->fields, "Retry-After: 5\r\n");
	return false;
}

void eventfollow_begin(struct exchange *x)
{
	struct exchange_visitor *v = x->stream->state;

	x->endpoint->followers++;
	x->stream->patient = true;
	/* What it has missed is not held against it. */
	x->stream->granted = x->stream->out.len;
	if (x->live) {
		v->following = EXCHANGE_LIVE;
		v->live.on_text = on_text;
		live_join(x->daemon->live, &v->live);
	} else {
		v->following = EXCHANGE_EVENTS;
		v->follower.on_event = on_event;
		daemon_follow(x->daemon, &v->follower);
	}
}

void eventfollow_end(struct exchange_visitor *v, struct daemon *d)
{
	struct exchange_endpoint *e;

	switch (v->following) {
	case EXCHANGE_NOTHING:
		return;
	case EXCHANGE_EVENTS:
		daemon_unfollow(d, &v->follower);
		break;
	case EXCHANGE_LIVE:
		live_leave(d->live, &v->live);
		break;
	}
	e = v->stream->server->ctx;
	e->followers--;
	v->following = EXCHANGE_NOTHING;
}

bool eventfollow_is(const struct exchange_visitor *v)
{
	return v->following != EXCHANGE_NOTHING;
}
