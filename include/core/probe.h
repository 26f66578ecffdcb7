/* SPDX-License-Identifier: MIT */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "base/text.h"
#include "core/settings.h"

/*
 * What a check says and what an answer means, without any I/O: bytes out, bytes in, a verdict.
 * The engine connects, times and closes; a check of any bytes gives a verdict.
 */

/*
 * The codes of HAProxy's check_status (management manual 9.1, field 36) with its words, and what
 * each means for the server: P passed, F failed, N nothing.
 *   PROBE(name, code, words, number in `show servers state`, P|F|N)
 */
#define PROBE_CODE_TABLE(X)                                                                        \
	X(UNKNOWN, "UNK", "Unknown", 0, 'N')                                                       \
	X(INIT, "INI", "Initializing", 1, 'N')                                                     \
	X(SOCKERR, "SOCKERR", "Socket error", 5, 'F')                                              \
	X(L4OK, "L4OK", "Layer4 check passed", 6, 'P')                                             \
	X(L4TOUT, "L4TOUT", "Layer4 timeout", 7, 'F')                                              \
	X(L4CON, "L4CON", "Layer4 connection problem", 8, 'F')                                     \
	X(L6OK, "L6OK", "Layer6 check passed", 9, 'P')                                             \
	X(L6TOUT, "L6TOUT", "Layer6 timeout", 10, 'F')                                             \
	X(L6RSP, "L6RSP", "Layer6 invalid response", 11, 'F')                                      \
	X(L7TOUT, "L7TOUT", "Layer7 timeout", 12, 'F')                                             \
	X(L7RSP, "L7RSP", "Layer7 invalid response", 13, 'F')                                      \
	X(L7OK, "L7OK", "Layer7 check passed", 15, 'P')                                            \
	X(L7STS, "L7STS", "Layer7 wrong status", 17, 'F')                                          \
	X(RESOLVE, "RESOLVE", "Name does not resolve", 4, 'F')

enum probe_code {
#define X(name, code, words, number, meaning) PROBE_##name,
	PROBE_CODE_TABLE(X)
#undef X
	    PROBE_CODE_COUNT
};

const char *probe_code_name(enum probe_code c);  /* "L7STS" */
const char *probe_code_words(enum probe_code c); /* "Layer7 wrong status" */
int probe_code_number(enum probe_code c);
bool probe_code_passed(enum probe_code c);

/* The outcome of one check. */
struct probe_result {
	enum probe_code code;
	bool draining;   /* a failed answer that is in drain_status */
	uint16_t status; /* HTTP status, 0 if none */
	uint32_t duration_ms;
	char info[128]; /* reason phrase, errno words, TLS error; may be empty */
};

/* One check in progress, after the connection (and TLS) stands. */
struct probe {
	const struct settings_check *check;
	struct text in; /* what has been received, at most PROBE_ANSWER_MAX */
};

enum { PROBE_ANSWER_MAX = 16384 }; /* HAProxy's tune.bufsize limits answers the same way */

enum probe_step { PROBE_DONE, PROBE_MORE };

void probe_init(struct probe *p, const struct settings_check *check);
void probe_release(struct probe *p);

/* True if the connection alone is the answer (type tcp). */
bool probe_is_connect_only(const struct settings_check *check);

/*
 * The bytes to send once connected.  `authority` is "host:port", for the Host header with 1.1.
 * HTTP/1.0 is sent as HAProxy 2.6 sends it: "GET /health?ready=1 HTTP/1.0\r\n\r\n".
 */
void probe_request(const struct probe *p, const char *authority, struct text *out);

/* Takes bytes that arrived.  PROBE_DONE: `ret` is the verdict (without duration). */
enum probe_step probe_feed(struct probe *p, const void *bytes, size_t len,
                           struct probe_result *ret);

/* The peer closed; the verdict from what is there.  Never PROBE_MORE. */
void probe_eof(struct probe *p, struct probe_result *ret);

/* The verdict on a failed step, with the errno's words as `info`. */
struct probe_result probe_failed(enum probe_code code, int errnum);

#endif
