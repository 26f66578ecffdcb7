/* SPDX-License-Identifier: MIT */
#include "whypage.h"

#include "net/httpquery.h"
#include "whyanswer.h"

static void refuse(struct exchange *x, int status, const char *why)
{
	x->status = status;
	text_add(&x->body, "{\"error\":");
	text_add_json(&x->body, why);
	text_add(&x->body, "}\n");
}

void whypage_get(struct exchange *x)
{
	char name[2 * SETTINGS_NAME_MAX + 2];
	AUTO_TEXT answer = { 0 };

	if (!httpquery_find(x->query, "server", name, sizeof(name)))
		refuse(x, 400, "write which server: /v1/why?server=SERVICE/NAME");
	else if (whyanswer_write(x->daemon, name, &answer))
		text_addn(&x->body, text_str(&answer), answer.len);
	else
		refuse(x, 404, text_str(&answer));
}
