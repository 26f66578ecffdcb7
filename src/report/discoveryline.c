/* SPDX-License-Identifier: MIT */
#include "report/discoveryline.h"

#include "base/number.h"
#include "plain.h"

#include <inttypes.h>

void discoveryline_add(const struct statusjson_discovery *d, struct text *out)
{
	char age[32];

	if (d->last_s < 0) {
		text_add(out, "no list of nodes yet");
		return;
	}
	number_format_age((uint64_t)d->last_s, age, sizeof(age));
	plain_add_count(out, (uint64_t)(d->known > 0 ? d->known : 0), "node");
	if (d->elsewhere > 0)
		text_addf(out, " (%" PRId64 " left out by locality)", d->elsewhere);
	if (d->from)
		text_addf(out, " from %s, %s ago", d->from, age);
	else
		text_addf(out, " from a list that was kept, %s old", age);
}
