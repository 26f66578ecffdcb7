/* SPDX-License-Identifier: MIT */
#include "core/pgwire.h"

#include <stdio.h>
#include <string.h>

enum {
	SSL_CODE = 80877103,
	GSS_CODE = 80877104,
	CANCEL_CODE = 80877102,
	MAJOR = 3,
	FIRST_HEAD = 8,    /* length and code of a packet without a type */
	FIRST_MAX = 10000, /* a server takes no longer StartupMessage */
	HEAD = 5,          /* type and length */
	MESSAGE_MIN = 4,   /* the length counts itself */
	MESSAGE_MAX = 1024 * 1024 * 1024,
	ERROR_MAX = 30000, /* what is longer is no ErrorResponse of this protocol */
	AUTH_CODE = 4
};

/* client.status: what its requests have left open. */
enum {
	UNSYNCED = 1, /* messages that only a Sync, or a request after them, brings to an end */
	COPYING = 2,  /* the server reads COPY data and passes over each Sync */
	SYNC_LAST = 4 /* the last request that is owed a ReadyForQuery was a Sync */
};

static uint32_t read_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum pgwire_packet tell(uint32_t len, uint32_t code)
{
	if (code == SSL_CODE || code == GSS_CODE) {
		if (len != FIRST_HEAD)
			return PGWIRE_FOREIGN;
		return code == SSL_CODE ? PGWIRE_SSL : PGWIRE_GSS;
	}
	if (code == CANCEL_CODE)
		return len > FIRST_HEAD ? PGWIRE_CANCEL : PGWIRE_FOREIGN;
	return code >> 16 == MAJOR ? PGWIRE_STARTUP : PGWIRE_FOREIGN;
}

/* What the bytes so far would be the beginning of: a TLS hello is known by its first one. */
static bool may_be_length(const uint8_t *at, size_t len)
{
	uint8_t head[4] = { 0 };
	uint32_t least;

	memcpy(head, at, len < sizeof(head) ? len : sizeof(head));
	least = read_u32(head);
	return least <= FIRST_MAX && (len < sizeof(head) || least >= FIRST_HEAD);
}

enum pgwire_packet pgwire_packet(const void *bytes, size_t len, size_t *ret_len)
{
	const uint8_t *at = bytes;

	*ret_len = 0;
	if (!len)
		return PGWIRE_PARTIAL;
	if (!may_be_length(at, len))
		return PGWIRE_FOREIGN;
	if (len >= sizeof(uint32_t))
		*ret_len = read_u32(at);
	if (len < FIRST_HEAD)
		return PGWIRE_PARTIAL;
	return tell(read_u32(at), read_u32(at + 4));
}

/* --- errors --------------------------------------------------------------------------------- */

/* The fields of an ErrorResponse; `whole`: there is no more of them. */
static enum pgwire_answer judge_fields(const char *at, size_t len, bool whole)
{
	enum pgwire_answer without = whole ? PGWIRE_ANSWER_OTHER : PGWIRE_ANSWER_PARTIAL;

	while (len && *at) {
		const char *end = memchr(at, 0, len);

		if (!end)
			return without;
		if (*at == 'C')
			return strcmp(at + 1, "57P01") == 0 ? PGWIRE_ANSWER_LEAVING
			                                    : PGWIRE_ANSWER_OTHER;
		len -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	return len ? PGWIRE_ANSWER_OTHER : without;
}

enum pgwire_answer pgwire_answer(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	size_t total;

	if (!len)
		return PGWIRE_ANSWER_PARTIAL;
	if (*at != 'E')
		return PGWIRE_ANSWER_OTHER;
	if (len < HEAD)
		return PGWIRE_ANSWER_PARTIAL;
	total = read_u32(at + 1);
	if (total < MESSAGE_MIN || total > ERROR_MAX)
		return PGWIRE_ANSWER_OTHER;
	total++;
	return judge_fields((const char *)at + HEAD, (len < total ? len : total) - HEAD,
	                    len >= total);
}

/* A field and its end; *at stays within `size`, of which `kept` bytes are for what follows. */
static void add_field(char *buf, size_t size, size_t kept, size_t *at, char type, const char *text)
{
	size_t len = strlen(text);
	size_t room = size - kept - *at;

	if (room < 2)
		return;
	if (len > room - 2)
		len = room - 2;
	buf[(*at)++] = type;
	memcpy(buf + *at, text, len);
	*at += len;
	buf[(*at)++] = 0;
}

size_t pgwire_write_fatal(char *buf, size_t size, const char *sqlstate, const char *message)
{
	/* Head, three fields, a field without a character and the end of all fields. */
	const size_t least =
	    HEAD + 2 * sizeof("SFATAL") + sizeof("C") + strlen(sqlstate) + sizeof("M") + 1;
	size_t at = HEAD;
	uint32_t len;

	if (size < least)
		return 0;
	add_field(buf, size, 1, &at, 'S', "FATAL");
	add_field(buf, size, 1, &at, 'V', "FATAL");
	add_field(buf, size, 1, &at, 'C', sqlstate);
	add_field(buf, size, 1, &at, 'M', message);
	buf[at++] = 0;
	len = (uint32_t)at - 1;
	buf[0] = 'E';
	for (int i = 0; i < 4; i++)
		buf[1 + i] = (char)(len >> (24 - 8 * i));
	return at;
}

/* --- both directions ------------------------------------------------------------------------ */

static void go_blind(struct pgwire *p)
{
	*p = (struct pgwire){ .phase = PGWIRE_BLIND, .authenticated = p->authenticated };
}

static size_t skip(struct pgwire_stream *d, size_t len)
{
	size_t n = len < d->left ? len : d->left;

	d->left -= (uint32_t)n;
	return n;
}

/* Up to `want` bytes of a head at `to`; returns how many were taken. */
static size_t gather(struct pgwire_stream *d, uint8_t *to, size_t want, const uint8_t *at,
                     size_t len)
{
	size_t n = len < want ? len : want;

	memcpy(to, at, n);
	d->have += (uint8_t)n;
	return n;
}

/* The head of a message; true once it is complete: `type` and `left` are its. */
static bool take_head(struct pgwire *p, struct pgwire_stream *d, const uint8_t *at, size_t len,
                      size_t *ret_taken)
{
	uint32_t length;

	*ret_taken = gather(d, d->head + d->have, (size_t)HEAD - d->have, at, len);
	if (d->have < HEAD)
		return false;
	length = read_u32(d->head + 1);
	if (length < MESSAGE_MIN || length > MESSAGE_MAX) {
		go_blind(p);
		return false;
	}
	d->type = d->head[0];
	d->left = length - MESSAGE_MIN;
	d->have = 0;
	return true;
}

static void owe(struct pgwire *p, bool is_sync)
{
	if (p->owed == UINT32_MAX) {
		go_blind(p);
		return;
	}
	p->owed++;
	p->client.status = is_sync ? SYNC_LAST : 0;
}

/* --- the client ----------------------------------------------------------------------------- */

static void begin(struct pgwire *p, uint32_t code)
{
	struct pgwire_stream *d = &p->client;
	uint32_t len = d->left;

	d->have = 0;
	d->left = 0;
	switch (tell(len, code)) {
	case PGWIRE_SSL:
	case PGWIRE_GSS:
		p->phase = PGWIRE_NEGOTIATING;
		break;
	case PGWIRE_STARTUP:
		d->left = len - FIRST_HEAD;
		p->phase = PGWIRE_OPEN;
		owe(p, false);
		break;
	case PGWIRE_CANCEL:
	case PGWIRE_FOREIGN:
	case PGWIRE_PARTIAL:
		go_blind(p);
		break;
	}
}

/* A packet without a type: its length, kept in `left`, then its code in the same four bytes. */
static size_t take_first(struct pgwire *p, const uint8_t *at, size_t len)
{
	enum { WORD = sizeof(uint32_t) };
	struct pgwire_stream *d = &p->client;
	size_t filled = d->have % WORD;
	size_t n = gather(d, d->head + filled, WORD - filled, at, len);

	if (d->have <= WORD && !may_be_length(d->head, d->have))
		go_blind(p);
	else if (d->have == WORD)
		d->left = read_u32(d->head);
	else if (d->have == FIRST_HEAD)
		begin(p, read_u32(d->head));
	return n;
}

static void note_request(struct pgwire *p)
{
	struct pgwire_stream *d = &p->client;

	switch (d->type) {
	case 'Q':
	case 'F':
		/* Its ReadyForQuery comes after all that was asked before. */
		owe(p, false);
		break;
	case 'S':
		if (!(d->status & COPYING))
			owe(p, true);
		break;
	case 'c':
	case 'f':
		d->status &= (uint8_t)~COPYING;
		break;
	case 'd':
	case 'p':
		break;
	default: /* parts of an extended query; 'X' has no answer at all */
		d->status |= UNSYNCED;
		break;
	}
}

static size_t take_request(struct pgwire *p, const uint8_t *at, size_t len)
{
	size_t taken;

	if (p->client.left)
		return skip(&p->client, len);
	if (take_head(p, &p->client, at, len, &taken))
		note_request(p);
	return taken;
}

void pgwire_from_client(struct pgwire *p, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	const uint8_t *end = at + len;

	while (at < end) {
		switch ((enum pgwire_phase)p->phase) {
		case PGWIRE_FIRST:
			at += take_first(p, at, (size_t)(end - at));
			break;
		case PGWIRE_OPEN:
			at += take_request(p, at, (size_t)(end - at));
			break;
		case PGWIRE_NEGOTIATING: /* nobody knows yet what these are */
			go_blind(p);
			return;
		case PGWIRE_BLIND:
			return;
		}
	}
}

/* --- the server ----------------------------------------------------------------------------- */

/*
 * COPY data is wanted.  A Sync that came with the extended query is read as a part of the data,
 * where it means nothing.  Which one that is cannot be told among several requests.
 */
static void begin_copy(struct pgwire *p)
{
	struct pgwire_stream *d = &p->client;

	if (p->owed > 1 || (!p->owed && !(d->status & UNSYNCED))) {
		go_blind(p);
	} else if (p->owed && d->status & SYNC_LAST) {
		p->owed = 0;
		d->status = UNSYNCED | COPYING;
	} else {
		d->status |= COPYING;
	}
}

static void note_answer(struct pgwire *p)
{
	struct pgwire_stream *d = &p->server;

	switch (d->type) {
	case 'N':
	case 'A':
	case 'S':
		return; /* at any time */
	case 'Z':
		if (d->left != 1 || !p->owed)
			go_blind(p);
		break;
	case 'G':
		begin_copy(p);
		break;
	case 'E':
		p->client.status &= (uint8_t)~COPYING;
		break;
	default:
		break;
	}
	d->status = 0;
}

/* An AuthenticationOk has the code 0. */
static size_t take_auth(struct pgwire *p, const uint8_t *at, size_t len)
{
	struct pgwire_stream *d = &p->server;
	size_t want = AUTH_CODE - (size_t)d->have;
	size_t n = gather(d, d->head + d->have, want < d->left ? want : d->left, at, len);

	d->left -= (uint32_t)n;
	if (d->have == AUTH_CODE && !read_u32(d->head))
		p->authenticated = true;
	return n;
}

static size_t take_body(struct pgwire *p, const uint8_t *at, size_t len)
{
	struct pgwire_stream *d = &p->server;
	size_t n;

	if (d->type == 'Z') {
		d->status = *at;
		p->owed--;
		return skip(d, len);
	}
	n = d->type == 'R' && d->have < AUTH_CODE ? take_auth(p, at, len) : skip(d, len);
	if (!d->left)
		d->have = 0;
	return n;
}

static size_t take_answer(struct pgwire *p, const uint8_t *at, size_t len)
{
	size_t taken;

	if (p->server.left)
		return take_body(p, at, len);
	if (take_head(p, &p->server, at, len, &taken))
		note_answer(p);
	return taken;
}

void pgwire_from_server(struct pgwire *p, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	const uint8_t *end = at + len;

	while (at < end) {
		switch ((enum pgwire_phase)p->phase) {
		case PGWIRE_OPEN:
			at += take_answer(p, at, (size_t)(end - at));
			break;
		case PGWIRE_NEGOTIATING:
			if (*at++ != 'N')
				go_blind(p);
			else
				p->phase = PGWIRE_FIRST;
			break;
		case PGWIRE_FIRST: /* a server of this protocol does not speak first */
			go_blind(p);
			return;
		case PGWIRE_BLIND:
			return;
		}
	}
}

bool pgwire_is_idle(const struct pgwire *p)
{
	return p->phase == PGWIRE_OPEN && !p->owed && !(p->client.status & UNSYNCED) &&
	       !p->client.have && !p->client.left && !p->server.have && !p->server.left &&
	       p->server.status == 'I';
}

bool pgwire_is_over(const struct pgwire *p)
{
	return p->phase == PGWIRE_OPEN && p->client.type == 'X' && !p->client.have &&
	       !p->client.left;
}
