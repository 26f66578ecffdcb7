/* SPDX-License-Identifier: MIT */
#ifndef CORE_PGWIRE_H
#define CORE_PGWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * PostgreSQL's protocol 3.0 as far as a relay of bytes has to know it (PostgreSQL manual 55.7,
 * "Message Formats"): what a client's first packet is, what a server's first answer is, how a
 * server refuses, and where in the streams of a session nothing is under way.  Pure; any bytes are
 * fine.
 */
enum pgwire_packet {
	PGWIRE_PARTIAL, /* more bytes are needed to tell */
	PGWIRE_SSL,     /* SSLRequest: answered with one byte, 'S' or 'N' */
	PGWIRE_GSS,     /* GSSENCRequest: 'G' or 'N' */
	PGWIRE_STARTUP, /* StartupMessage 3.x */
	PGWIRE_CANCEL,  /* CancelRequest: never answered */
	PGWIRE_FOREIGN  /* none of these */
};

/* The first packet in `bytes`; *ret_len is its length, which may be more than there is yet. */
enum pgwire_packet pgwire_packet(const void *bytes, size_t len, size_t *ret_len);

/* The first message of a server after a StartupMessage. */
enum pgwire_answer {
	PGWIRE_ANSWER_PARTIAL,
	PGWIRE_ANSWER_LEAVING, /* ErrorResponse 57P01: it is shutting down, another may serve */
	PGWIRE_ANSWER_OTHER
};

enum pgwire_answer pgwire_answer(const void *bytes, size_t len);

enum { PGWIRE_FATAL_MAX = 256 };

/* ErrorResponse: FATAL, that SQLSTATE and message, cut to fit.  Returns its length. */
size_t pgwire_write_fatal(char *buf, size_t size, const char *sqlstate, const char *message);

/* One direction: where it stands between two messages. */
struct pgwire_stream {
	uint32_t left;   /* bytes of the present message that are still to come */
	uint8_t head[5]; /* of a message whose head has come in parts */
	uint8_t have;    /* bytes of `head` */
	uint8_t type, status;
};

enum pgwire_phase {
	PGWIRE_FIRST,       /* the client's first packet, or the next one after an 'N' */
	PGWIRE_NEGOTIATING, /* the server's one byte is awaited */
	PGWIRE_OPEN,        /* messages with a type byte */
	PGWIRE_BLIND        /* encrypted, a CancelRequest or something else: no longer followed */
};

/* Both directions of one session from its first byte.  All zero: nothing has been said. */
struct pgwire {
	struct pgwire_stream client, server;
	uint32_t owed; /* ReadyForQuery messages that are still to come */
	uint8_t phase;
	bool authenticated;
};

/* Bytes that were carried, in the order in which they passed. */
void pgwire_from_client(struct pgwire *p, const void *bytes, size_t len);
void pgwire_from_server(struct pgwire *p, const void *bytes, size_t len);

/*
 * Nothing is under way: the server's last message was a ReadyForQuery with status 'I', each
 * request has been answered, and the client has not begun another.
 */
bool pgwire_is_idle(const struct pgwire *p);

/* The client has said that it leaves (Terminate): the server closes by itself. */
bool pgwire_is_over(const struct pgwire *p);

#endif
