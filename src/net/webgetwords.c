/* SPDX-License-Identifier: MIT */
#include "webgetwords.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 80 };

bool webgetwords_unconnected(const char *name, const struct addr *to, int errnum, struct error *err)
{
	char buf[ADDR_TEXT_MAX];

	if (strstr(name, addr_format(to, buf)))
		error_sys(err, errnum, "%s: cannot connect", name);
	else
		error_sys(err, errnum, "%s: cannot connect to %s", name, buf);
	return error_hint(err, "a node's HTTP port is 8080 unless its --http-addr says otherwise");
}

bool webgetwords_broken(const char *name, int errnum, struct error *err)
{
	return error_sys(err, errnum, "%s: the connection broke", name);
}

static bool has_one_of(const char *reason, const char *const *words)
{
	for (; *words; words++)
		if (strstr(reason, *words))
			return true;
	return false;
}

/* What the node says of our certificate. */
static bool hint_alert(const char *reason, struct error *err)
{
	static const char *const missed[] = { "certificate required", "bad certificate", NULL };
	static const char *const refused[] = { "certificate", "unknown ca", NULL };

	if (has_one_of(reason, missed))
		return error_hint(err, "the node wants a client certificate: give cert and key");
	if (strstr(reason, "certificate expired"))
		return error_hint(err, "for the node the client certificate has expired: renew "
		                       "cert, if both clocks are right");
	if (has_one_of(reason, refused))
		return error_hint(err, "the node refuses the client certificate: is cert of a user "
		                       "and signed by the cluster's CA?");
	return false;
}

/* What this side finds wrong with the node's certificate, in the words of OpenSSL 1.1.1 to 3. */
static bool hint_certificate(const char *reason, struct error *err)
{
	static const char *const untrusted[] = {
		"unable to get", "unable to verify", "self-signed",       "self signed",
		"unknown",       "not trusted",      "signature failure", NULL,
	};

	if (strstr(reason, "has expired"))
		return error_hint(err, "the node's certificate, or its CA's, is to be renewed; or "
		                       "is the clock here wrong?");
	if (strstr(reason, "not yet valid"))
		return error_hint(err, "is the clock here wrong, or was it where the certificate "
		                       "was made?");
	if (strstr(reason, "certificate") && has_one_of(reason, untrusted))
		return error_hint(err, "give the CA that signs the nodes' certificates as ca "
		                       "(--cacert FILE), often certs/ca.crt or certs/ca-ui.crt");
	if (strstr(reason, "hostname mismatch") || strstr(reason, "address mismatch"))
		return error_hint(err, "use a host that stands in the node's certificate");
	return false;
}

bool webgetwords_tls(const char *name, const char *reason, struct error *err)
{
	error_set(err, "%s: %s", name, reason);
	if (strstr(reason, "wrong version number") || strstr(reason, "packet length too long"))
		return error_hint(err, "no TLS is spoken there: for an insecure cluster write "
		                       "http://");
	return strstr(reason, " alert ") ? hint_alert(reason, err) : hint_certificate(reason, err);
}

bool webgetwords_garbage(const char *name, const struct url *u, struct error *err)
{
	error_set(err, "%s: the answer is not HTTP", name);
	return error_hint(err, u->secure ? "is this a node's HTTP port?"
	                                 : "is this a node's HTTP port? If it speaks TLS write "
	                                   "https://");
}

bool webgetwords_cut(const char *name, const struct url *u, size_t len, struct error *err)
{
	if (len)
		return error_set(err, "%s: the answer is cut off after %zu bytes", name, len);
	error_set(err, "%s: the connection was closed without an answer", name);
	return u->secure ? false : error_hint(err, "if the node speaks TLS write https://");
}

bool webgetwords_long(const char *name, size_t max, struct error *err)
{
	return error_set(err,
	                 "%s: the answer is longer than %zu bytes, too long for a list of "
	                 "nodes",
	                 name, max);
}

/* What the other side wrote, for a terminal. */
static const char *show(struct httpanswer_slice s, char buf[static SHOWN_MAX + 1])
{
	size_t n = 0;

	for (; n < s.len && n < SHOWN_MAX; n++) {
		buf[n] = '?';
		if (s.at[n] >= ' ' && s.at[n] < 0x7f)
			buf[n] = s.at[n];
	}
	buf[n] = '\0';
	return buf;
}

static bool hint_redirect(const struct url *u, const struct httpanswer_head *h, struct error *err)
{
	struct httpanswer_slice to = httpanswer_field(h, "location");
	char buf[SHOWN_MAX + 1], hint[SHOWN_MAX + 100];

	if (!to.at)
		return false;
	if (!u->secure && to.len > 8 && strncasecmp(to.at, "https://", 8) == 0)
		return error_hint(err, "the cluster is secure: write https://, and give its CA as "
		                       "ca (--cacert FILE)");
	snprintf(hint, sizeof(hint), "it points to %s: give that URL itself", show(to, buf));
	return error_hint(err, hint);
}

bool webgetwords_refused(const char *name, const struct url *u, const char *session,
                         const struct httpanswer_head *h, struct error *err)
{
	char buf[SHOWN_MAX + 1];
	const char *reason = show(h->reason, buf);

	error_set(err, "%s: the answer is %u%s%s", name, h->status, *reason ? " " : "", reason);
	switch (h->status) {
	case 401:
	case 403:
		return error_hint(
		    err, session ? "the session has ended, or its user lacks VIEWCLUSTERMETADATA: "
		                   "log in again, cockroach auth-session login USER --only-cookie"
		                 : "log in: cockroach auth-session login USER --only-cookie, then "
		                   "give what it prints as session (--session VALUE|file:PATH)");
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return hint_redirect(u, h, err);
	case 400:
		return u->secure ? false : error_hint(err, "if the node speaks TLS write https://");
	case 404:
		return error_hint(err, "is this the HTTP port of a CockroachDB node?");
	case 500:
	case 503:
		return error_hint(err, "the node cannot tell now, as while it has no quorum: ask "
		                       "another one");
	default:
		return false;
	}
}

bool webgetwords_late(const char *name, unsigned int phase, size_t len, struct error *err)
{
	static const char *const doing[] = { "connecting", "in the TLS handshake",
		                             "sending the request", "waiting for the answer" };

	if (len)
		return error_set(err, "%s: time is over with %zu bytes of the answer there", name,
		                 len);
	return error_set(err, "%s: time is over while %s", name, doing[phase < 4 ? phase : 3]);
}
