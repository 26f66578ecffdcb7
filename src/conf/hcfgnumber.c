/* SPDX-License-Identifier: MIT */
#include "hcfgnumber.h"

#include "base/cleanup.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void hcfgnumber_fill(uint32_t *ids, size_t count)
{
	AUTO_FREE uint32_t *written = mem_zalloc((count + 1) * sizeof(*written));
	size_t n = 0;
	size_t at = 0;
	uint32_t next = 1;

	for (size_t i = 0; i < count; i++)
		if (ids[i])
			written[n++] = ids[i];
	qsort(written, n, sizeof(*written), compare);
	for (size_t i = 0; i < count; i++, next++) {
		if (ids[i])
			continue;
		while (at < n && written[at] < next)
			at++;
		for (; at < n && written[at] == next; next++)
			while (at < n && written[at] == next)
				at++;
		ids[i] = next;
	}
}

/* The proxy before this one that wrote the same number, or NULL. */
static const struct hcfgmodel_proxy *find_twin(const struct hcfgmodel *m,
                                               const struct hcfgmodel_proxy *p)
{
	const struct hcfgmodel_proxy *twin;

	STAILQ_FOREACH(twin, &m->proxies, next)
		if (twin == p || (twin->id.set && twin->id.n == p->id.n))
			break;
	return twin == p ? NULL : twin;
}

static void note_twins(const struct hcfgmodel *m, struct hcfgnote_list *notes)
{
	const struct hcfgmodel_proxy *p;

	STAILQ_FOREACH(p, &m->proxies, next) {
		const struct hcfgmodel_proxy *twin = p->id.set ? find_twin(m, p) : NULL;

		if (twin)
			hcfgnote_add(notes, HCFGNOTE_ERROR, p->id.place,
			             "\"id\": %u is taken in line %u", p->id.n,
			             twin->id.place.line);
	}
}

void hcfgnumber_proxies(struct hcfgmodel *m, struct hcfgnote_list *notes)
{
	/* The control sockets are a proxy of HAProxy's own, before all others. */
	size_t own = !STAILQ_EMPTY(&m->global.sockets);
	AUTO_FREE uint32_t *ids = NULL;
	struct hcfgmodel_proxy *p;
	size_t count = own;

	STAILQ_FOREACH(p, &m->proxies, next)
		count++;
	ids = mem_zalloc((count + 1) * sizeof(*ids));
	count = own;
	STAILQ_FOREACH(p, &m->proxies, next)
		ids[count++] = p->id.set ? p->id.n : 0;
	hcfgnumber_fill(ids, count);
	count = own;
	STAILQ_FOREACH(p, &m->proxies, next)
		p->id.n = ids[count++];
	note_twins(m, notes);
}
