/* SPDX-License-Identifier: MIT */
#include "engine/mailbox.h"

#include "base/cleanup.h"

static bool take(struct mailbox *m, struct mailbox_mail *ret)
{
	bool any;

	pthread_mutex_lock(&m->lock);
	any = m->count > 0;
	if (any) {
		*ret = m->mails[m->head];
		m->head = (m->head + 1) % MAILBOX_SIZE;
		m->count--;
	}
	pthread_mutex_unlock(&m->lock);
	return any;
}

static void deliver(struct mailbox *m)
{
	struct mailbox_mail mail;

	while (take(m, &mail))
		m->on_mail(m->ctx, &mail);
}

static void on_wake(struct ev_loop *loop, ev_async *w, int revents)
{
	(void)loop;
	(void)revents;
	deliver(container_of(w, struct mailbox, wake));
}

void mailbox_init(struct mailbox *m, struct ev_loop *loop, mailbox_on_mail *on_mail, void *ctx)
{
	m->loop = loop;
	m->on_mail = on_mail;
	m->ctx = ctx;
	m->head = 0;
	m->count = 0;
	pthread_mutex_init(&m->lock, NULL);
	ev_async_init(&m->wake, on_wake);
	ev_async_start(loop, &m->wake);
}

void mailbox_release(struct mailbox *m)
{
	deliver(m);
	ev_async_stop(m->loop, &m->wake);
	pthread_mutex_destroy(&m->lock);
}

bool mailbox_put(struct mailbox *m, const struct mailbox_mail *mail)
{
	bool room;

	pthread_mutex_lock(&m->lock);
	room = m->count < MAILBOX_SIZE;
	if (room)
		m->mails[(m->head + m->count++) % MAILBOX_SIZE] = *mail;
	pthread_mutex_unlock(&m->lock);
	if (room)
		ev_async_send(m->loop, &m->wake);
	return room;
}
