/* SPDX-License-Identifier: MIT */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "base/addr.h"
#include "base/text.h"
#include "core/settings.h"

/*
 * What a check says and what an answer means, without any I/O: bytes out, bytes in, a verdict.
 * A check is a list of rules: connect, send, expect (HAProxy configuration manual 4.2, "tcp-check"
 * and "http-check"); those of the simple types are built in.  The engine asks what to do next,
 * connects, times and closes; a check of any bytes gives a verdict.  Types `external` (a program
 * decides) and `none` have no rules and are not for this module.
 */

/*
 * The codes of HAProxy's check_status (management manual 9.1, field 36) with its words, and what
 * each means for the server: P passed, F failed, N nothing.  HAProxy has no RESOLVE: its number is
 * that of an internal state, which HAProxy never shows.
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
	X(L7OKC, "L7OKC", "Layer7 check conditionally passed", 16, 'P')                            \
	X(L7STS, "L7STS", "Layer7 wrong status", 17, 'F')                                          \
	X(PROCERR, "PROCERR", "External check error", 18, 'F')                                     \
	X(PROCTOUT, "PROCTOUT", "External check timeout", 19, 'F')                                 \
	X(PROCOK, "PROCOK", "External check passed", 20, 'P')                                      \
	X(CHECKED, "CHECKED", "No status change", 3, 'N')                                          \
	X(HANA, "HANA", "Health analyze", 4, 'F')                                                  \
	X(RESOLVE, "RESOLVE", "Name does not resolve", 2, 'F')

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
/* The code of that name, in any case; false if there is none. */
bool probe_code_find(const char *name, enum probe_code *ret);

enum {
	PROBE_ANSWER_MAX = 16384,  /* HAProxy's tune.bufsize limits answers the same way */
	PROBE_KILLED = UINT16_MAX, /* `status` of a program that a signal ended: HAProxy's -1 */
	PROBE_AGENT_MAX = 128
};

/* The outcome of one check. */
struct probe_result {
	enum probe_code code;
	bool draining;    /* a failed answer that is in drain_status */
	bool conditional; /* L7OKC: it passed, but the server is to finish politely */
	uint16_t status;  /* of HTTP, SMTP, MySQL, LDAP; exit code of a program; 0 if none */
	uint32_t duration_ms;
	char info[128]; /* reason phrase, errno words, TLS error; may be empty */
	/* An agent's line, without its end and cut after a whole word, for agentreply_parse(); the
	 * code is then L7OK (up), L7STS (down) or CHECKED.  Empty if there was none. */
	char agent[PROBE_AGENT_MAX];
};

/* The verdict on a failed step, with the errno's words as `info`. */
struct probe_result probe_failed(enum probe_code code, int errnum);

/*
 * The same result for a server that is down: a 404 that only asks for a polite end (L7OKC) does not
 * bring a server up (manual 4.2 "http-check disable-on-404"), it is an L7STS there.
 */
struct probe_result probe_when_down(const struct probe_result *r);

/* What a check does, compiled once for each target.  `check` must outlive it. */
struct probe_plan;

/* Fails with the reason in words: a regular expression, a code's name, an address. */
bool probe_plan_new(const struct settings_check *check, struct probe_plan **ret,
                    struct error *err) MUST_CHECK;
void probe_plan_free(struct probe_plan *plan); /* NULL is fine */
bool probe_plan_uses_tls(const struct probe_plan *plan);

/* Where and how to connect. */
struct probe_connect {
	struct addr addr; /* len 0: the check's address */
	uint16_t port;    /* 0: the check's */
	bool tls;
	bool as_server;  /* TLS without `sni` names the peer as the target does */
	const char *sni; /* or NULL */
	const char *alpn;
	bool send_proxy; /* a PROXY header comes before everything else */
	bool linger;     /* ends with a FIN, not with an RST */
	bool silent;     /* nothing is to be sent: the handshake need not even be completed */
};

/* What the driver is to do now. */
enum probe_act {
	PROBE_CONNECT, /* close what there is, connect as probe_where() says: probe_connected() */
	PROBE_SEND,    /* the bytes of probe_output(): probe_sent() */
	PROBE_RECEIVE, /* whatever comes: probe_feed(), and probe_eof() */
	PROBE_DONE     /* probe_verdict() */
};

/* How far the connection has come. */
enum probe_layer { PROBE_CONNECTING, PROBE_HANDSHAKING, PROBE_ESTABLISHED };

/* What a single check is given; the strings must outlive it. */
struct probe_given {
	const char *authority;  /* "host:port", for the Host header with 1.1 */
	const char *agent_send; /* instead of the check's, or NULL */
	uint32_t now_s;         /* of the epoch, for the random of the ssl-hello check */
};

/* One check in progress. */
struct probe {
	const struct probe_plan *plan;
	struct probe_given given;
	size_t at;          /* of the plan's rules */
	enum probe_act act; /* what the driver is doing */
	struct text in;     /* what has been received, at most PROBE_ANSWER_MAX */
	struct text out;    /* what is to be sent */
	bool fresh;         /* something came since the last look, or the end */
	bool ended;         /* nothing more will come over this connection */
	bool head_only;     /* the last request was a HEAD */
	struct probe_result result;
};

/*
 * Each returns what is to be done next; the first is always PROBE_CONNECT.  After PROBE_DONE only
 * probe_verdict() and probe_release() make sense.
 */
enum probe_act probe_begin(struct probe *p, const struct probe_plan *plan,
                           const struct probe_given *given);
enum probe_act probe_connected(struct probe *p); /* with TLS, if it was asked for */
enum probe_act probe_sent(struct probe *p);
/* The peer does not take it.  It may have answered before it left: then reading tells. */
enum probe_act probe_unsent(struct probe *p, int errnum);
enum probe_act probe_feed(struct probe *p, const void *bytes, size_t len);
enum probe_act probe_eof(struct probe *p);
/* The connection failed; errnum 0: `words` say why. */
enum probe_act probe_broken(struct probe *p, enum probe_layer layer, int errnum, const char *words);
enum probe_act probe_expired(struct probe *p, enum probe_layer layer);

const struct probe_connect *probe_where(const struct probe *p);
const struct text *probe_output(const struct probe *p);
/* Without duration. */
const struct probe_result *probe_verdict(const struct probe *p);

void probe_release(struct probe *p);

#endif
