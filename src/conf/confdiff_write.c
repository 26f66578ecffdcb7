/* SPDX-License-Identifier: MIT */
#include "conf/confdiff.h"

static void write_restart(const struct confdiff_change *change, struct text *out)
{
	text_addf(out, "! %s: %s", change->path, change->after ? change->after : "not set");
	text_addf(out, " (was %s) needs a restart\n", change->before ? change->before : "not set");
}

/* Something that came, or went. */
static void write_whole(const struct confdiff_change *change, const char *what, struct text *out)
{
	text_addf(out, "%c %s", change->before ? '-' : '+', change->path);
	text_addf(out, *what ? " (%s)\n" : "\n", what);
}

void confdiff_write(const struct confdiff *d, struct text *out)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct confdiff_change *change = &d->at[i];

		if (change->restart)
			write_restart(change, out);
		else if (change->before && change->after)
			text_addf(out, "~ %s: %s (was %s)\n", change->path, change->after,
			          change->before);
		else if (change->before)
			write_whole(change, change->before, out);
		else if (change->after)
			write_whole(change, change->after, out);
	}
	if (!d->count)
		text_add(out, "no change\n");
}
