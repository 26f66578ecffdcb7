/* SPDX-License-Identifier: MIT */
#include "sim/simwire.h"

#include <endian.h>
#include <string.h>

enum { STARTUP_MAX = 10000, MESSAGE_MAX = 1 << 20 };

static uint32_t load_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

enum simwire_status simwire_read(const char *bytes, size_t len, bool startup,
                                 struct simwire_message *ret)
{
	size_t head = startup ? 0 : 1; /* the type byte, which the length does not count */
	uint32_t min = startup ? 8 : 4;
	uint32_t max = startup ? STARTUP_MAX : MESSAGE_MAX;
	uint32_t size;

	if (len < head + 4)
		return SIMWIRE_MORE;
	size = load_u32(bytes + head);
	if (size < min || size > max)
		return SIMWIRE_BAD;
	if (len < head + size)
		return SIMWIRE_MORE;
	*ret = (struct simwire_message){
		.type = (char)(startup ? 0 : bytes[0]),
		.body = bytes + head + 4,
		.body_len = size - 4,
		.total = head + size,
	};
	return SIMWIRE_OK;
}

struct simwire_cursor simwire_cursor(const struct simwire_message *m)
{
	return (struct simwire_cursor){ .at = m->body, .end = m->body + m->body_len };
}

/* The next `len` bytes, or NULL and the cursor is bad. */
static const char *take(struct simwire_cursor *c, size_t len)
{
	const char *p = c->at;

	if (c->bad || (size_t)(c->end - c->at) < len) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	return p;
}

uint8_t simwire_take_u8(struct simwire_cursor *c)
{
	const char *p = take(c, 1);

	return p ? (uint8_t)*p : 0;
}

uint16_t simwire_take_u16(struct simwire_cursor *c)
{
	const char *p = take(c, 2);

	return p ? (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]) : 0;
}

uint32_t simwire_take_u32(struct simwire_cursor *c)
{
	const char *p = take(c, 4);

	return p ? load_u32(p) : 0;
}

const char *simwire_take_string(struct simwire_cursor *c)
{
	size_t left = c->bad ? 0 : (size_t)(c->end - c->at);
	size_t len = strnlen(c->at, left);
	const char *p = c->at;

	if (len == left) {
		c->bad = true;
		return "";
	}
	c->at += len + 1;
	return p;
}

void simwire_skip(struct simwire_cursor *c, size_t len)
{
	take(c, len);
}

static void add_u16(struct text *t, uint16_t v)
{
	v = htobe16(v);
	text_addn(t, &v, sizeof(v));
}

static void add_u32(struct text *t, uint32_t v)
{
	v = htobe32(v);
	text_addn(t, &v, sizeof(v));
}

static void add_string(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s) + 1);
}

/* Starts a message; its length is filled in by finish().  `type` 0: none (start-up). */
static size_t begin(struct text *t, char type)
{
	size_t at;

	if (type)
		text_addc(t, type);
	at = t->len;
	add_u32(t, 0);
	return at;
}

static void finish(struct text *t, size_t at)
{
	uint32_t len = htobe32((uint32_t)(t->len - at));

	memcpy(t->data + at, &len, sizeof(len));
}

void simwire_add_bare(struct text *t, char type)
{
	finish(t, begin(t, type));
}

void simwire_add_auth_ok(struct text *t)
{
	size_t at = begin(t, 'R');

	add_u32(t, 0);
	finish(t, at);
}

void simwire_add_parameter(struct text *t, const char *name, const char *value)
{
	size_t at = begin(t, 'S');

	add_string(t, name);
	add_string(t, value);
	finish(t, at);
}

void simwire_add_key(struct text *t, uint64_t key)
{
	size_t at = begin(t, 'K');

	add_u32(t, (uint32_t)(key >> 32));
	add_u32(t, (uint32_t)key);
	finish(t, at);
}

void simwire_add_ready(struct text *t, char transaction_status)
{
	size_t at = begin(t, 'Z');

	text_addc(t, transaction_status);
	finish(t, at);
}

void simwire_add_complete(struct text *t, const char *tag)
{
	size_t at = begin(t, 'C');

	add_string(t, tag);
	finish(t, at);
}

void simwire_add_no_parameters(struct text *t)
{
	size_t at = begin(t, 't');

	add_u16(t, 0);
	finish(t, at);
}

void simwire_add_column(struct text *t, const char *name, uint32_t type_oid, int16_t type_len,
                        bool binary)
{
	size_t at = begin(t, 'T');

	add_u16(t, 1);
	add_string(t, name);
	add_u32(t, 0); /* of no table */
	add_u16(t, 0);
	add_u32(t, type_oid);
	add_u16(t, (uint16_t)type_len);
	add_u32(t, UINT32_MAX); /* no type modifier */
	add_u16(t, binary);
	finish(t, at);
}

void simwire_add_value(struct text *t, const void *bytes, size_t len)
{
	size_t at = begin(t, 'D');

	add_u16(t, 1);
	add_u32(t, (uint32_t)len);
	text_addn(t, bytes, len);
	finish(t, at);
}

void simwire_add_error(struct text *t, const char *severity, const char *sqlstate,
                       const char *message)
{
	size_t at = begin(t, 'E');

	text_addc(t, 'S');
	add_string(t, severity);
	text_addc(t, 'V');
	add_string(t, severity);
	text_addc(t, 'C');
	add_string(t, sqlstate);
	text_addc(t, 'M');
	add_string(t, message);
	text_addc(t, '\0');
	finish(t, at);
}

void simwire_add_startup(struct text *t, const char *user, const char *database)
{
	size_t at = begin(t, 0);

	add_u32(t, SIMWIRE_VERSION_3);
	add_string(t, "user");
	add_string(t, user);
	add_string(t, "database");
	add_string(t, database);
	text_addc(t, '\0');
	finish(t, at);
}

void simwire_add_query(struct text *t, const char *sql)
{
	size_t at = begin(t, 'Q');

	add_string(t, sql);
	finish(t, at);
}
