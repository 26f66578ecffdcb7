/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PG_FIXTURE_H
#define TESTS_PG_FIXTURE_H

#include "core/pgwire.h"

#include "crew_fixture.h"

/* Words of PostgreSQL's protocol, and a session in it that is ready for queries. */
#define PG_SSL      "\0\0\0\x08\x04\xd2\x16\x2f"
#define PG_GSS      "\0\0\0\x08\x04\xd2\x16\x30"
#define PG_CANCEL   "\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02"
#define PG_STARTUP  "\0\0\0\x13\0\x03\0\0user\0root\0\0"
#define PG_READY    "Z\0\0\0\x05I"
#define PG_IN_BLOCK "Z\0\0\0\x05T"
#define PG_WELCOME  "R\0\0\0\x08\0\0\0\0" PG_READY
#define PG_COMPLETE "C\0\0\0\x0dSELECT 1\0"
#define PG_QUERY    "Q\0\0\0\x0dSELECT 1\0"
#define PG_PARSE    "P\0\0\0\x10\0SELECT 1\0\0\0"
#define PG_SYNC     "S\0\0\0\x04"

/* A string literal with zero bytes in it, and its length. */
#define PG(words) (words), sizeof(words) - 1

struct pg_session {
	size_t at; /* the server that has it */
	int client, server;
};

static inline void pg_init(struct rig *r, size_t servers)
{
	rig_init(r, servers);
	r->service.protocol = SETTINGS_PROTOCOL_PGWIRE;
}

/* Two servers, one worker. */
static inline void pg_start(struct rig *r)
{
	pg_init(r, 2);
	rig_start(r, 1, 100);
}

/* A client has come and was handed on. */
static inline struct pg_session pg_connect(const struct rig *r)
{
	struct pg_session s = { .client = rig_connect(r) };

	s.server = rig_accept_any(r, &s.at);
	return s;
}

static inline void pg_say(const struct pg_session *s, const char *words, size_t len)
{
	rig_send(s->client, words, len);
	rig_expect(s->server, words, len);
}

static inline void pg_answer(const struct pg_session *s, const char *words, size_t len)
{
	rig_send(s->server, words, len);
	rig_expect(s->client, words, len);
}

static inline struct pg_session pg_open(const struct rig *r)
{
	struct pg_session s = pg_connect(r);

	pg_say(&s, PG(PG_STARTUP));
	pg_answer(&s, PG(PG_WELCOME));
	return s;
}

/* The server has reset it, or gone away: the one that takes its place. */
static inline void pg_move(const struct rig *r, struct pg_session *s)
{
	size_t before = s->at;

	s->server = rig_accept_any(r, &s->at);
	assert_int_not_equal(s->at, before);
}

/* A FATAL of that code, that ends so, and then the end. */
static inline void pg_expect_fatal(int fd, const char *code, const char *words)
{
	char fatal[PGWIRE_FATAL_MAX];

	rig_expect(fd, fatal, pgwire_write_fatal(fatal, sizeof(fatal), code, words));
	rig_expect_end(fd);
}

/* Of pg_start(): the session goes on where it is, and ends well. */
static inline void pg_finish(struct rig *r, const struct pg_session *s)
{
	close(s->client);
	rig_expect_end(s->server);
	close(s->server);
	assert_int_equal(rig_end(r)->reason, REASON_NORMAL);
	rig_stop(r, 2);
}

static inline void pg_close(const struct pg_session *s)
{
	close(s->client);
	close(s->server);
}

#endif
