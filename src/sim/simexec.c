/* SPDX-License-Identifier: MIT */
#include "sim/simexec.h"

#include "sim/simwire.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OID_BOOL = 16, OID_INT8 = 20, OID_TEXT = 25 };

struct column {
	const char *name;
	uint32_t oid;
	int16_t len;
};

static const struct column *find_column(enum simstmt_kind kind)
{
	static const struct column number = { "?column?", OID_INT8, 8 };
	static const struct column node_id = { "node_id", OID_TEXT, -1 };
	static const struct column slept = { "pg_sleep", OID_BOOL, 1 };

	switch (kind) {
	case SIMSTMT_INT:
		return &number;
	case SIMSTMT_NODE_ID:
		return &node_id;
	case SIMSTMT_SLEEP:
		return &slept;
	case SIMSTMT_EMPTY:
	case SIMSTMT_BEGIN:
	case SIMSTMT_COMMIT:
	case SIMSTMT_ROLLBACK:
	case SIMSTMT_SET:
	case SIMSTMT_UNKNOWN:
		break;
	}
	return NULL;
}

void simexec_describe(const struct simstmt *s, bool binary, struct text *out)
{
	const struct column *c = find_column(s->kind);

	if (c)
		simwire_add_column(out, c->name, c->oid, c->len, binary);
	else
		simwire_add_bare(out, 'n');
}

void simexec_fail(struct simexec *x, const char *sqlstate, const char *message, struct text *out)
{
	if (x->status == 'T')
		x->status = 'E';
	simwire_add_error(out, "ERROR", sqlstate, message);
}

static enum simexec_result fail(struct simexec *x, const char *sqlstate, const char *message,
                                struct text *out)
{
	simexec_fail(x, sqlstate, message, out);
	return SIMEXEC_FAILED;
}

static void answer_int(int64_t value, bool binary, struct text *out)
{
	char digits[24];
	uint64_t wire = htobe64((uint64_t)value);

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	if (binary)
		simwire_add_value(out, &wire, sizeof(wire));
	else
		simwire_add_value(out, digits, strlen(digits));
	simwire_add_complete(out, "SELECT 1");
}

static void answer_node_id(uint32_t id, struct text *out)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%" PRIu32, id);
	simwire_add_value(out, digits, strlen(digits));
	simwire_add_complete(out, "SHOW 1");
}

void simexec_finish_sleep(bool binary, struct text *out)
{
	simwire_add_value(out, binary ? "\1" : "t", 1);
	simwire_add_complete(out, "SELECT 1");
}

static enum simexec_result begin(struct simexec *x, struct text *out)
{
	if (x->status == 'T')
		return fail(x, "25001", "there is already a transaction in progress", out);
	x->status = 'T';
	simwire_add_complete(out, "BEGIN");
	return SIMEXEC_DONE;
}

static enum simexec_result end(struct simexec *x, bool commit, struct text *out)
{
	if (x->status == 'I')
		return fail(x, "25P01", "there is no transaction in progress", out);
	simwire_add_complete(out, commit && x->status == 'T' ? "COMMIT" : "ROLLBACK");
	x->status = 'I';
	return SIMEXEC_DONE;
}

static enum simexec_result run(struct simexec *x, const struct simstmt *s, bool binary,
                               struct text *out)
{
	switch (s->kind) {
	case SIMSTMT_EMPTY:
		simwire_add_bare(out, 'I');
		break;
	case SIMSTMT_INT:
		answer_int(s->value, binary, out);
		break;
	case SIMSTMT_NODE_ID:
		answer_node_id(x->node_id, out);
		break;
	case SIMSTMT_SLEEP:
		return SIMEXEC_SLEEP;
	case SIMSTMT_BEGIN:
		return begin(x, out);
	case SIMSTMT_COMMIT:
		return end(x, true, out);
	case SIMSTMT_ROLLBACK:
		return end(x, false, out);
	case SIMSTMT_SET:
		simwire_add_complete(out, "SET");
		break;
	case SIMSTMT_UNKNOWN:
		return fail(x, "42601", "this simulated node does not know that statement", out);
	}
	return SIMEXEC_DONE;
}

enum simexec_result simexec_run(struct simexec *x, const struct simstmt *s, unsigned int flags,
                                struct text *out)
{
	bool binary = flags & SIMEXEC_BINARY;

	if (x->status == 'E' && s->kind != SIMSTMT_COMMIT && s->kind != SIMSTMT_ROLLBACK)
		return fail(x, "25P02",
		            "current transaction is aborted, commands ignored until end of "
		            "transaction block",
		            out);
	if ((flags & SIMEXEC_DESCRIBE) && find_column(s->kind))
		simexec_describe(s, binary, out);
	return run(x, s, binary, out);
}
