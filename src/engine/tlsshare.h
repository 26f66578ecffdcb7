/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TLSSHARE_H
#define ENGINE_TLSSHARE_H

#include "core/settings.h"
#include "net/tls.h"

#include <sys/queue.h>

/*
 * TLS contexts that checks with the same files have in common: system certificates are megabytes
 * and milliseconds, to be loaded once and not once a node.  One thread.
 */
struct tlsshare;
LIST_HEAD(tlsshare_list, tlsshare);

/* Fails as tls_context_new(). */
bool tlsshare_get(struct tlsshare_list *list, const struct settings_check *check,
                  struct tlsshare **ret, struct error *err) MUST_CHECK;
void tlsshare_put(struct tlsshare *s); /* NULL is fine */

struct tls_context *tlsshare_context(const struct tlsshare *s); /* of NULL: NULL */

/*
 * Reads the files of all of them again, which are renewed under the same names: all contexts are
 * other ones, or, if a file cannot be used, none is.
 */
bool tlsshare_renew(struct tlsshare_list *list, struct error *err) MUST_CHECK;

#endif
