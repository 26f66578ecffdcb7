/* SPDX-License-Identifier: MIT */
#include "absentcalls.h"

#include "usage.h"

enum kind { KIND_ERROR, KIND_INFO, KIND_DUMP };

static const struct absent {
	const char *words, *fewer, *enough;
	enum settings_level level;
	enum kind kind;
	size_t need;
} absents[] = {
#define ABSENT(words_, arguments, level_, need_, kind_, fewer_, enough_, help)                     \
	{ .words = (words_),                                                                       \
	  .fewer = (fewer_),                                                                       \
	  .enough = (enough_),                                                                     \
	  .level = SETTINGS_LEVEL_##level_,                                                        \
	  .kind = KIND_##kind_,                                                                    \
	  .need = (need_) },
#include "control/absent.def"
};

static void answer(struct call *c, const struct absent *a, size_t given)
{
	if (given >= a->need) {
		if (*a->enough)
			call_say(c, CALL_ERROR, "%s", a->enough);
	} else if (a->kind == KIND_DUMP) {
		text_add(c->out, a->fewer);
	} else {
		call_say(c, a->kind == KIND_INFO ? CALL_INFO : CALL_ERROR, "%s", a->fewer);
	}
}

bool absentcalls_run(struct call *c)
{
	for (size_t i = 0; i < ARRAY_LEN(absents); i++) {
		size_t named = usage_match(absents[i].words, c->args, c->count);

		if (named == 0)
			continue;
		if (call_may(c, absents[i].level))
			answer(c, &absents[i], c->count - named);
		return true;
	}
	return false;
}
