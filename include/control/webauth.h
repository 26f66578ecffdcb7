/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WEBAUTH_H
#define CONTROL_WEBAUTH_H

#include "core/settings.h"
#include "net/httphead.h"

/*
 * Who may use an HTTP endpoint: Basic authentication (RFC 7617) against users whose passwords are
 * in clear or crypt(3) hashes, and the origin of a request that changes state.  Passwords are
 * compared in a time that does not depend on where they differ.  A hash takes milliseconds on
 * purpose, and the control thread has checks to run: what was right before is remembered, and only
 * a few new attempts a second are looked at, the fewer the longer a hash takes: about a tenth of
 * the time goes to them, or one a second.
 */
struct webauth;

enum {
	WEBAUTH_HASHES_PER_SECOND = 10,
	WEBAUTH_NAME_MAX = 512 /* room for any name that webauth_name() finds */
};

enum webauth_verdict {
	WEBAUTH_OK,
	WEBAUTH_REFUSED,
	WEBAUTH_BUSY /* too many attempts just now */
};

/* `users` must outlive it.  NULL if there are none: everybody may. */
struct webauth *webauth_new(const struct settings_user *users, size_t count);
void webauth_free(struct webauth *a); /* NULL is fine */

/* `authorization`: the value of that field; at == NULL if there is none. */
enum webauth_verdict webauth_check(struct webauth *a, struct httphead_string authorization);

/* Who that field says it is, without looking at the password; false: nobody. */
bool webauth_name(struct httphead_string authorization, char ret[static WEBAUTH_NAME_MAX]);

/*
 * May this request change state?  Not if a browser says that another site made it (Origin,
 * Sec-Fetch-Site, or Referer, compared with Host).  Tools send none of these.
 */
bool webauth_is_same_origin(const struct httphead_request *r);

#endif
