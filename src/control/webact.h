/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_WEBACT_H
#define CONTROL_WEBACT_H

#include "exchange.h"

/*
 * /v1/act: what the dashboard can change.  GET tells whether it can and gives the token that POST
 * needs; POST takes a form (actform.h), runs the runtime command that it stands for and answers
 * {"said": "..."} or {"error": "..."}.
 *
 * Only where the settings say writable and have users, so that the journal can tell who it was, or
 * where the program trusts all of this host (daemon.trusted).  A page of another site cannot do it:
 * it cannot read the token, is refused by what the browser says of it (Origin, Sec-Fetch-Site),
 * cannot set the token's field, and where there are no passwords a name that it points at loopback
 * is not one that is answered to (Host).
 */
enum { WEBACT_FORM_MAX = 4096 };

/* A token that nobody can guess; "" if the kernel gives no random bytes: then none is right. */
void webact_make_token(char token[static EXCHANGE_TOKEN_SIZE]);

bool webact_is_path(const struct exchange *x);

/* For a user who is let in. */
void webact_get(struct exchange *x);
void webact_post(struct exchange *x);

/* A form that is too long, and a method that is none. */
void webact_refuse_form(struct exchange *x);
void webact_refuse_method(struct exchange *x);

#endif
