/* SPDX-License-Identifier: MIT */
#include "uipage.h"

#include "report/uifiles.h"

#include <string.h>

/* If-None-Match: a list of tags, one of which it has already; a proxy may have weakened it. */
static bool has_tag(struct httphead_string sent, const struct text *tag)
{
	return sent.at && memmem(sent.at, sent.len, text_str(tag), tag->len);
}

void uipage_get(struct exchange *x)
{
	const char *name = strrchr(x->path, '/') + 1;
	struct uifile f;
	AUTO_TEXT tag = { 0 };

	if (strlen("/ui/") + strlen(name) != strlen(x->path) || !uifiles_find(name, &f)) {
		exchange_say(x, 404, "The dashboard has no such part: load it again.");
		return;
	}
	uifiles_add_tag(&f, &tag);
	x->type = f.type;
	x->cache = "no-cache";
	text_addf(&x->fields, "ETag: %s\r\n", text_str(&tag));
	if (has_tag(httphead_field(x->request, "if-none-match"), &tag))
		x->status = 304;
	else
		text_addn(&x->body, f.data, f.len);
}
