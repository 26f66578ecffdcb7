/* SPDX-License-Identifier: MIT */
#include "adminswap.h"

#include "base/mem.h"
#include "exchange.h"

#include <stdlib.h>

struct adminswap {
	const struct settings_admin *settings;
	struct tlsserver_context *tls;
	struct webauth *auth;
};

bool adminswap_new(const struct settings_admin *settings, struct adminswap **ret, struct error *err)
{
	const struct tlsserver_options o = { .cert = settings->cert,
		                             .key = settings->key,
		                             .ca = settings->ca };
	struct adminswap *a = mem_zalloc(sizeof(*a));

	a->settings = settings;
	if (o.cert && !tlsserver_context_new(&o, &a->tls, err)) {
		free(a);
		return error_wrap(err, "admin");
	}
	a->auth = webauth_new(settings->users, settings->user_count);
	*ret = a;
	return true;
}

void adminswap_free(struct adminswap *a)
{
	if (!a)
		return;
	tlsserver_context_free(a->tls);
	webauth_free(a->auth);
	free(a);
}

/* Those who came over TLS hold the context that they came with: OpenSSL counts. */
void adminswap_put(struct stream_server *server, struct adminswap *a)
{
	struct exchange_endpoint *e = server->ctx;
	struct adminswap old = { .tls = e->tls, .auth = e->auth };

	e->settings = a->settings;
	e->tls = a->tls;
	e->auth = a->auth;
	*a = old;
	adminswap_free(a);
}

const struct settings_admin *adminswap_settings(const struct stream_server *server)
{
	const struct exchange_endpoint *e = server->ctx;

	return e->settings;
}

void adminswap_close(struct stream_server *server)
{
	struct exchange_endpoint *e = server->ctx;
	struct ev_loop *loop = server->loop;

	stream_server_close(server);
	ev_cleanup_stop(loop, &e->cleanup);
	tlsserver_context_free(e->tls);
	webauth_free(e->auth);
	free(e);
}
