/* SPDX-License-Identifier: MIT */
#include "net/webget.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/tick.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>

enum { ADDRESSES_MAX = 8 };

struct places {
	struct addr at[ADDRESSES_MAX];
	size_t count;
};

/* getaddrinfo() with a deadline: 0 or a code of gai_strerror(). */
static int look_up(const char *host, int64_t left_ms, struct addrinfo **ret)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct timespec wait = { left_ms / 1000, left_ms % 1000 * 1000000 };
	/* Outlives this function if the system cannot be made to stop looking. */
	struct lookup {
		struct gaicb request;
		char host[URL_HOST_MAX];
	} *l = mem_zalloc(sizeof(*l));
	struct gaicb *list[] = { &l->request };
	const struct gaicb *waited[] = { &l->request };
	int rc;

	memccpy(l->host, host, '\0', sizeof(l->host));
	l->request = (struct gaicb){ .ar_name = l->host, .ar_request = &hints };
	rc = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (rc) {
		free(l);
		return rc;
	}
	gai_suspend(waited, 1, &wait);
	rc = gai_error(&l->request);
	if (rc == EAI_INPROGRESS) {
		if (gai_cancel(&l->request) != EAI_NOTCANCELED)
			free(l);
		return EAI_INPROGRESS;
	}
	*ret = l->request.ar_result;
	free(l);
	return rc;
}

static bool find_places(const char *name, const struct url *u, int64_t until_ms, struct places *ret,
                        struct error *err)
{
	int64_t left = until_ms - tick_ms();
	struct addrinfo *found = NULL;
	int rc;

	ret->count = 1;
	if (addr_parse_ip(u->host, u->port, &ret->at[0]))
		return true;
	rc = look_up(u->host, left > 0 ? left : 0, &found);
	if (rc == EAI_INPROGRESS)
		return error_set(err, "%s: time is over while looking up %s", name, u->host);
	if (rc)
		return error_set(err, "%s: cannot find %s: %s", name, u->host, gai_strerror(rc));
	ret->count = 0;
	for (const struct addrinfo *a = found; a && ret->count < ADDRESSES_MAX; a = a->ai_next) {
		struct addr *to = &ret->at[ret->count];

		if (!addr_from_sockaddr(a->ai_addr, a->ai_addrlen, to))
			continue;
		addr_set_port(to, u->port);
		ret->count++;
	}
	freeaddrinfo(found);
	return ret->count || error_set(err, "%s: %s has no address", name, u->host);
}

static bool drive(struct webget *w, int64_t until_ms, struct error *err)
{
	for (;;) {
		struct pollfd p = { .fd = webget_fd(w),
			            .events = webget_wants(w) == WEBGET_READ ? POLLIN : POLLOUT };
		int64_t left = until_ms - tick_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n == 0)
			return webget_expired(w, err);
		if (n < 0 && errno != EINTR)
			return error_sys(err, errno, "poll");
		switch (n > 0 ? webget_step(w, err) : WEBGET_MORE) {
		case WEBGET_MORE:
			break;
		case WEBGET_DONE:
			return true;
		case WEBGET_FAILED:
			return false;
		}
	}
}

/* One address; `*ret_status` 0 says that another one may do better. */
static bool try_place(const struct webget_target *t, int64_t until_ms, struct text *ret_body,
                      uint16_t *ret_status, struct error *err)
{
	struct webget *w = webget_begin(t, err);
	bool ok;

	*ret_status = 0;
	if (!w)
		return false;
	ok = drive(w, until_ms, err);
	*ret_status = webget_status(w);
	if (ok) {
		text_release(ret_body);
		*ret_body = *webget_body(w);
		*webget_body(w) = (struct text){ 0 };
	}
	webget_end(w);
	return ok;
}

/* Each address gets its part of what is left of the time. */
static bool try_places(struct webget_target *t, const struct places *p, int64_t until_ms,
                       struct text *ret_body, uint16_t *ret_status, struct error *err)
{
	for (size_t i = 0; i < p->count; i++) {
		int64_t now = tick_ms();
		int64_t part = (until_ms - now) / (int64_t)(p->count - i);

		t->to = &p->at[i];
		if (try_place(t, now + part, ret_body, ret_status, err))
			return true;
		if (*ret_status)
			break;
	}
	return false;
}

bool webget_run(const struct webget_options *o, struct text *ret_body, struct error *err)
{
	int64_t until_ms = tick_ms() + (int64_t)o->timeout_ms;
	struct tls_client_options tls = {
		.verify = true, .ca = o->ca, .cert = o->cert, .key = o->key
	};
	struct webget_target t = { .name = o->url, .session = o->session, .max = o->max };
	uint16_t status = 0;
	struct places places;
	struct url u;
	bool ok;

	if (o->ret_status)
		*o->ret_status = 0;
	if (!url_parse(o->url, &u, err))
		return false;
	t.url = &u;
	if (u.secure && !tls_context_new(&tls, &t.tls, err))
		return error_wrap(err, "%s", o->url);
	ok = find_places(o->url, &u, until_ms, &places, err) &&
	     try_places(&t, &places, until_ms, ret_body, &status, err);
	tls_context_free(t.tls);
	if (o->ret_status)
		*o->ret_status = status;
	return ok;
}
