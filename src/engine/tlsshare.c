/* SPDX-License-Identifier: MIT */
#include "tlsshare.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>

struct tlsshare {
	LIST_ENTRY(tlsshare) entry;
	struct mem_arena arena; /* of the names: a check may go before the others */
	struct tls_client_options options;
	struct tls_context *context;
	struct tls_context *fresh; /* inside tlsshare_renew() */
	size_t users;
};

static bool suits(const struct tlsshare *s, const struct settings_check *check)
{
	const struct tls_client_options *o = &s->options;

	return o->verify == check->verify && text_same(o->ca, check->ca) &&
	       text_same(o->cert, check->cert) && text_same(o->key, check->key);
}

static const char *keep(struct tlsshare *s, const char *name)
{
	return name ? mem_arena_strdup(&s->arena, name) : NULL;
}

bool tlsshare_get(struct tlsshare_list *list, const struct settings_check *check,
                  struct tlsshare **ret, struct error *err)
{
	struct tlsshare *s;

	LIST_FOREACH(s, list, entry) {
		if (!suits(s, check))
			continue;
		s->users++;
		*ret = s;
		return true;
	}
	s = mem_zalloc(sizeof(*s));
	s->options = (struct tls_client_options){ .verify = check->verify,
		                                  .ca = keep(s, check->ca),
		                                  .cert = keep(s, check->cert),
		                                  .key = keep(s, check->key) };
	if (!tls_context_new(&s->options, &s->context, err)) {
		mem_arena_release(&s->arena);
		free(s);
		return false;
	}
	s->users = 1;
	LIST_INSERT_HEAD(list, s, entry);
	*ret = s;
	return true;
}

void tlsshare_put(struct tlsshare *s)
{
	if (!s || --s->users)
		return;
	LIST_REMOVE(s, entry);
	tls_context_free(s->context);
	mem_arena_release(&s->arena);
	free(s);
}

struct tls_context *tlsshare_context(const struct tlsshare *s)
{
	return s ? s->context : NULL;
}

bool tlsshare_renew(struct tlsshare_list *list, struct error *err)
{
	struct tlsshare *s;
	bool ok = true;

	LIST_FOREACH(s, list, entry)
		ok = ok && tls_context_new(&s->options, &s->fresh, err);
	LIST_FOREACH(s, list, entry) {
		tls_context_free(ok ? s->context : s->fresh);
		s->context = ok ? s->fresh : s->context;
		s->fresh = NULL;
	}
	return ok;
}
