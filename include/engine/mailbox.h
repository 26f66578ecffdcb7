/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_MAILBOX_H
#define ENGINE_MAILBOX_H

#include "base/addr.h"

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

/*
 * Messages to the thread that runs a loop.  Any thread may put; the loop's thread gets a callback
 * a message, in order.  Bounded: a full box says so and the sender decides.
 */
enum mailbox_kind {
	MAILBOX_CLIENT, /* an accepted connection for this worker */
	MAILBOX_CALL    /* run `call(arg)` on that thread */
};

struct mailbox_mail {
	enum mailbox_kind kind;
	int fd;                  /* CLIENT: becomes the receiver's */
	struct addr_ip client;   /* CLIENT */
	void *listener;          /* CLIENT */
	void (*call)(void *arg); /* CALL */
	void *arg;
};

enum { MAILBOX_SIZE = 256 };

typedef void mailbox_on_mail(void *ctx, const struct mailbox_mail *mail);

struct mailbox {
	ev_async wake;
	struct ev_loop *loop;
	mailbox_on_mail *on_mail;
	void *ctx;
	pthread_mutex_t lock;
	unsigned int head, count;
	struct mailbox_mail mails[MAILBOX_SIZE];
};

void mailbox_init(struct mailbox *m, struct ev_loop *loop, mailbox_on_mail *on_mail, void *ctx);
/* Undelivered mail is delivered first.  The loop's thread, or after it has ended. */
void mailbox_release(struct mailbox *m);

/* Any thread.  False: the box is full and nothing was done. */
bool mailbox_put(struct mailbox *m, const struct mailbox_mail *mail);

#endif
