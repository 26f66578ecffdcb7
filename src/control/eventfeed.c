/* SPDX-License-Identifier: MIT */
#include "eventfeed.h"

#include "base/number.h"
#include "net/httpquery.h"
#include "report/eventjson.h"

#include <inttypes.h>
#include <stdio.h>

void eventfeed_add(struct text *out, const struct journal_event *e)
{
	text_addf(out, "id: %" PRIu64 "\nevent: %s\ndata: ", e->seq, journal_kind_key(e->kind));
	eventjson_write(e, out);
	text_add(out, "\n\n");
}

uint64_t eventfeed_first(const struct exchange *x, uint64_t otherwise)
{
	struct httphead_string last = httphead_field(x->request, "last-event-id");
	char digits[24];
	uint64_t seq;

	if (last.at && last.len < sizeof(digits)) {
		snprintf(digits, sizeof(digits), "%.*s", (int)last.len, last.at);
		if (number_parse(digits, UINT64_MAX - 1, &seq))
			return seq + 1;
	}
	if (httpquery_find(x->query, "since", digits, sizeof(digits)) &&
	    number_parse(digits, UINT64_MAX, &seq))
		return seq ? seq : 1;
	return otherwise;
}
