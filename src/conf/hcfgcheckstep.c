/* SPDX-License-Identifier: MIT */
#include "hcfgparts.h"

#include <string.h>

struct settings_step *hcfgcheckstep_add(struct hcfgreader *r, struct hcfgmodel_rules *rules,
                                        const struct hcfgmodel_proxy *p)
{
	struct hcfgmodel_step *s = mem_arena_zalloc(&r->model->arena, sizeof(*s));

	if (rules->owner != p)
		*rules = (struct hcfgmodel_rules){ .owner = p };
	s->place = r->line->place;
	s->next = rules->newest;
	rules->newest = s;
	return &s->step;
}

bool hcfgcheckstep_parse_hex(struct hcfgreader *r, const char *word, const char **ret,
                             size_t *ret_len)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(word);
	char *bytes = mem_arena_zalloc(&r->model->arena, len / 2 + 1);

	for (size_t i = 0; i < len; i++) {
		const char *found = strchr(digits, word[i] | ('A' ^ 'a'));

		if (word[i] < '0' || !found) {
			hcfgreader_error(r, "\"%.60s\": a hexadecimal digit is expected", word);
			return false;
		}
		bytes[i / 2] = (char)(bytes[i / 2] << 4 | (char)(found - digits));
	}
	if (len % 2)
		hcfgreader_error(r, "\"%.60s\": an even number of digits is expected", word);
	*ret = bytes;
	*ret_len = len / 2;
	return len % 2 == 0;
}
