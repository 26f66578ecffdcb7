/* SPDX-License-Identifier: MIT */
#ifndef CORE_LOGVARS_H
#define CORE_LOGVARS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The words of HAProxy's "log-format" (configuration manual 8.2.4): which variables and samples
 * there are, and how a format is cut into pieces.  What they stand for is known where a session's
 * line is written; a configuration is checked and converted with this table alone.
 *
 *   ALIAS(id, name, V: of any session | A: needs the session's addresses)
 */
#define LOGVARS_ALIAS_TABLE(X)                                                                     \
	X(BYTES_OUT, "B", 'V')                                                                     \
	X(BYTES_IN, "U", 'V')                                                                      \
	X(HOST, "H", 'V')                                                                          \
	X(UNIQUE_ID, "ID", 'V')                                                                    \
	X(STATUS, "ST", 'V')                                                                       \
	X(DATE_UTC, "T", 'V')                                                                      \
	X(DATE_LOCAL, "Tl", 'V')                                                                   \
	X(DATE, "t", 'V')                                                                          \
	X(SECONDS, "Ts", 'V')                                                                      \
	X(MILLIS, "ms", 'V')                                                                       \
	X(CONNECT_TIME, "Tc", 'V')                                                                 \
	X(DATA_TIME, "Td", 'V')                                                                    \
	X(HANDSHAKE_TIME, "Th", 'V')                                                               \
	X(TOTAL_TIME, "Tt", 'V')                                                                   \
	X(USER_TIME, "Tu", 'V')                                                                    \
	X(QUEUE_TIME, "Tw", 'V')                                                                   \
	X(PROCESS_CONNS, "ac", 'V')                                                                \
	X(FRONTEND_CONNS, "fc", 'V')                                                               \
	X(BACKEND_CONNS, "bc", 'V')                                                                \
	X(SERVER_CONNS, "sc", 'V')                                                                 \
	X(RETRIES, "rc", 'V')                                                                      \
	X(SERVER_QUEUE, "sq", 'V')                                                                 \
	X(BACKEND_QUEUE, "bq", 'V')                                                                \
	X(FRONTEND, "f", 'V')                                                                      \
	X(FRONTEND_TLS, "ft", 'V')                                                                 \
	X(BACKEND, "b", 'V')                                                                       \
	X(SERVER, "s", 'V')                                                                        \
	X(CLIENT_IP, "ci", 'V')                                                                    \
	X(CLIENT_PORT, "cp", 'V')                                                                  \
	X(FRONTEND_IP, "fi", 'A')                                                                  \
	X(FRONTEND_PORT, "fp", 'A')                                                                \
	X(BACKEND_IP, "bi", 'A')                                                                   \
	X(BACKEND_PORT, "bp", 'A')                                                                 \
	X(SERVER_IP, "si", 'A')                                                                    \
	X(SERVER_PORT, "sp", 'A')                                                                  \
	X(REQUEST_CAPTURE, "hr", 'V')                                                              \
	X(REQUEST_CAPTURES, "hrl", 'V')                                                            \
	X(RESPONSE_CAPTURE, "hs", 'V')                                                             \
	X(RESPONSE_CAPTURES, "hsl", 'V')                                                           \
	X(LINES, "lc", 'V')                                                                        \
	X(PID, "pid", 'V')                                                                         \
	X(SESSION_NUMBER, "rt", 'V')                                                               \
	X(TLS_CIPHER, "sslc", 'V')                                                                 \
	X(TLS_VERSION, "sslv", 'V')                                                                \
	X(STATE, "ts", 'V')                                                                        \
	X(COOKIE_STATE, "tsc", 'V')

/* The samples that make sense in the line of a TCP session: %[src]. */
#define LOGVARS_SAMPLE_TABLE(X)                                                                    \
	X(GET_SRC, "src", 'V')                                                                     \
	X(GET_SRC_PORT, "src_port", 'V')                                                           \
	X(GET_DST, "dst", 'A')                                                                     \
	X(GET_DST_PORT, "dst_port", 'A')                                                           \
	X(GET_FC_SRC, "fc_src", 'V')                                                               \
	X(GET_FC_SRC_PORT, "fc_src_port", 'V')                                                     \
	X(GET_FC_DST, "fc_dst", 'A')                                                               \
	X(GET_FC_DST_PORT, "fc_dst_port", 'A')                                                     \
	X(GET_BC_SRC, "bc_src", 'A')                                                               \
	X(GET_BC_SRC_PORT, "bc_src_port", 'A')                                                     \
	X(GET_BC_DST, "bc_dst", 'A')                                                               \
	X(GET_BC_DST_PORT, "bc_dst_port", 'A')                                                     \
	X(GET_FC_RCVD_PROXY, "fc_rcvd_proxy", 'V')                                                 \
	X(GET_FE_NAME, "fe_name", 'V')                                                             \
	X(GET_FE_ID, "fe_id", 'V')                                                                 \
	X(GET_FE_CONN, "fe_conn", 'V')                                                             \
	X(GET_BE_NAME, "be_name", 'V')                                                             \
	X(GET_BE_ID, "be_id", 'V')                                                                 \
	X(GET_BE_CONN, "be_conn", 'V')                                                             \
	X(GET_SRV_NAME, "srv_name", 'V')                                                           \
	X(GET_SRV_ID, "srv_id", 'V')                                                               \
	X(GET_SO_NAME, "so_name", 'V')                                                             \
	X(GET_SO_ID, "so_id", 'V')                                                                 \
	X(GET_HOSTNAME, "hostname", 'V')                                                           \
	X(GET_DATE, "date", 'V')                                                                   \
	X(GET_UNIQUE_ID, "unique-id", 'V')                                                         \
	X(GET_STR, "str", 'V') /* str(text), int(-1), bool(1) */                                   \
	X(GET_INT, "int", 'V')                                                                     \
	X(GET_BOOL, "bool", 'V')

enum logvars_id {
#define X(id, name, needs) LOGVARS_##id,
	LOGVARS_ALIAS_TABLE(X) LOGVARS_SAMPLE_TABLE(X)
#undef X
	    LOGVARS_COUNT
};

/* %{+Q,-X}... */
enum logvars_flag {
	LOGVARS_QUOTE = 1,    /* Q: between double quotes */
	LOGVARS_HEX = 2,      /* X: addresses and numbers in hexadecimal */
	LOGVARS_ESCAPE = 4,   /* E: a backslash before '"', '\' and ']' */
	LOGVARS_MANDATORY = 8 /* M: "-" for nothing; set unless it is taken away */
};

enum logvars_what {
	LOGVARS_END,
	LOGVARS_TEXT,  /* `text`, `len`: as they are */
	LOGVARS_VALUE, /* `id`, `flags`; of str(): `text`, `len` are what is between the brackets */
	/* The rest is wrong, or not for us; `text`, `len`: the name. */
	LOGVARS_HTTP,    /* a variable that only HTTP has */
	LOGVARS_FOREIGN, /* a sample, or one with arguments or converters, that is not in the table
	                  */
	LOGVARS_UNKNOWN, /* no variable has that name */
	LOGVARS_BROKEN   /* neither; the format can not be read further */
};

struct logvars_piece {
	enum logvars_id id;
	unsigned int flags; /* enum logvars_flag */
	const char *text;   /* within the format */
	size_t len;
	const char *start; /* where the whole piece begins, and ends: for who rewrites a format */
	const char *end;
};

/* A format that is being read.  It must stay while the pieces are used. */
struct logvars {
	const char *at;
	unsigned int defaults; /* set by %{...}o for all that follow */
	bool spaced;           /* a space was the last thing: another one is left out */
};

struct logvars logvars_begin(const char *format);
/* After BROKEN comes END. */
enum logvars_what logvars_next(struct logvars *v, struct logvars_piece *ret);

/* Is all of it known?  The error names what is wrong. */
bool logvars_check(const char *format, struct error *err) MUST_CHECK;

/* Does it show more addresses than the client's?  NULL and a wrong format do not. */
bool logvars_shows_addresses(const char *format);

#endif
