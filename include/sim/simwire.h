/* SPDX-License-Identifier: MIT */
#ifndef SIM_SIMWIRE_H
#define SIM_SIMWIRE_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The PostgreSQL wire protocol, version 3, as bytes: frames taken apart and put together.  No
 * session, no I/O.  Names of messages are those of the PostgreSQL manual ("Message Formats").
 */
enum {
	SIMWIRE_VERSION_3 = 196608,
	SIMWIRE_CANCEL = 80877102,
	SIMWIRE_SSL = 80877103,
	SIMWIRE_GSSENC = 80877104
};

enum simwire_status { SIMWIRE_OK, SIMWIRE_MORE, SIMWIRE_BAD };

struct simwire_message {
	char type; /* 0: a message of the start-up phase, whose body begins with its code */
	const char *body;
	size_t body_len;
	size_t total; /* bytes of the whole message */
};

/* The first message in `bytes`.  BAD: a length that cannot be (start-up 10000, else 1 MiB). */
enum simwire_status simwire_read(const char *bytes, size_t len, bool startup,
                                 struct simwire_message *ret);

/* Reading a body: past its end the answers are 0 and "", and `bad` is set. */
struct simwire_cursor {
	const char *at, *end;
	bool bad;
};

struct simwire_cursor simwire_cursor(const struct simwire_message *m);
uint8_t simwire_take_u8(struct simwire_cursor *c);
uint16_t simwire_take_u16(struct simwire_cursor *c);
uint32_t simwire_take_u32(struct simwire_cursor *c);
const char *simwire_take_string(struct simwire_cursor *c);
void simwire_skip(struct simwire_cursor *c, size_t len);

/* A message without a body: '1' ParseComplete, '2', '3', 'I' EmptyQueryResponse, 'n' NoData, 'X'.
 */
void simwire_add_bare(struct text *t, char type);
void simwire_add_auth_ok(struct text *t);
void simwire_add_parameter(struct text *t, const char *name, const char *value);
void simwire_add_key(struct text *t, uint64_t key);
void simwire_add_ready(struct text *t, char transaction_status);
void simwire_add_complete(struct text *t, const char *tag);
/* ParameterDescription of a statement without parameters. */
void simwire_add_no_parameters(struct text *t);
/* RowDescription of one column. */
void simwire_add_column(struct text *t, const char *name, uint32_t type_oid, int16_t type_len,
                        bool binary);
/* DataRow of one value. */
void simwire_add_value(struct text *t, const void *bytes, size_t len);
/* ErrorResponse with the fields S, V, C and M; `severity` "ERROR" or "FATAL". */
void simwire_add_error(struct text *t, const char *severity, const char *sqlstate,
                       const char *message);

/* What a client says. */
void simwire_add_startup(struct text *t, const char *user, const char *database);
void simwire_add_query(struct text *t, const char *sql);

#endif
