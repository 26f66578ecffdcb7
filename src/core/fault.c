/* SPDX-License-Identifier: MIT */
#include "core/fault.h"

#include "base/number.h"
#include "base/suggest.h"

#include <string.h>

enum unit { UNIT_NONE, UNIT_MS, UNIT_RATE, UNIT_STATUS };
enum { LONGEST_DELAY_MS = 60000, SLOWEST_RATE = 64 };

static const struct {
	const char *word, *meaning;
	enum unit unit;
} table[] = { [FAULT_NONE] = { "none", "nothing is wrong", UNIT_NONE },
#define X(name, word_, unit_, meaning_)                                                            \
	[FAULT_##name] = { .word = (word_), .meaning = (meaning_), .unit = UNIT_##unit_ },
	      FAULT_TABLE(X)
#undef X
};

static const char *example(enum unit unit)
{
	switch (unit) {
	case UNIT_NONE:
		break;
	case UNIT_MS:
		return " 200ms";
	case UNIT_RATE:
		return " 1M";
	case UNIT_STATUS:
		return " 503";
	}
	return "";
}

static bool explain(const char *kind, struct error *err)
{
	const char *words[FAULT_KIND_COUNT];
	const char *near;
	AUTO_TEXT all = { 0 };

	for (size_t i = 0; i < FAULT_KIND_COUNT; i++) {
		words[i] = table[i].word;
		text_addf(&all, "%s%s%s", i ? ", " : "", table[i].word, example(table[i].unit));
	}
	near = suggest_nearest(kind, words, FAULT_KIND_COUNT);
	if (near)
		return error_set(err, "no fault \"%s\": did you mean \"%s\"?", kind, near);
	return error_set(err, "no fault \"%s\"; there are %s", kind, text_str(&all));
}

static bool refuse(enum fault_kind kind, const char *amount, const char *want, struct error *err)
{
	if (!amount)
		return error_set(err, "\"%s\" needs %s: %s%s", table[kind].word, want,
		                 table[kind].word, example(table[kind].unit));
	return error_set(err, "\"%s\" is not %s: write %s%s", amount, want, table[kind].word,
	                 example(table[kind].unit));
}

static bool parse_amount(enum fault_kind kind, const char *amount, uint64_t *ret, struct error *err)
{
	*ret = 0;
	switch (table[kind].unit) {
	case UNIT_NONE:
		if (amount && strspn(amount, "0123456789") != strlen(amount) &&
		    number_parse_duration(amount, ret))
			return error_set(err, "\"%s\" takes no amount: did you mean \"%s for %s\"?",
			                 table[kind].word, table[kind].word, amount);
		if (amount)
			return error_set(err, "\"%s\" takes no amount, not \"%s\"",
			                 table[kind].word, amount);
		return true;
	case UNIT_MS:
		if (amount && strspn(amount, "0123456789") != strlen(amount) &&
		    number_parse_duration(amount, ret) && *ret > 0 && *ret <= LONGEST_DELAY_MS)
			return true;
		return refuse(kind, amount, "a time with its unit, 1ms to 60s", err);
	case UNIT_RATE:
		if (amount && number_parse_size(amount, ret) && *ret >= SLOWEST_RATE &&
		    *ret <= UINT32_MAX)
			return true;
		return refuse(kind, amount, "bytes a second, 64 to 4095M", err);
	case UNIT_STATUS:
		if (amount && number_parse(amount, 599, ret) && *ret >= 100)
			return true;
		return refuse(kind, amount, "a status of HTTP, 100 to 599", err);
	}
	return false;
}

bool fault_parse(const char *kind, const char *amount, struct fault *ret, struct error *err)
{
	for (size_t i = 0; i < FAULT_KIND_COUNT; i++) {
		uint64_t n;

		if (strcmp(kind, table[i].word) != 0)
			continue;
		if (!parse_amount((enum fault_kind)i, amount, &n, err))
			return false;
		*ret = (struct fault){ (enum fault_kind)i, (uint32_t)n };
		return true;
	}
	return explain(kind, err);
}

static void add_rate(struct text *out, uint32_t n)
{
	static const char units[] = { '\0', 'k', 'M', 'G' };
	size_t i = 0;

	while (n && n % 1024 == 0 && i + 1 < ARRAY_LEN(units)) {
		n /= 1024;
		i++;
	}
	text_addf(out, " %u", n);
	if (units[i])
		text_addc(out, units[i]);
}

void fault_describe(const struct fault *f, struct text *out)
{
	char buf[32];

	text_add(out, table[f->kind].word);
	switch (table[f->kind].unit) {
	case UNIT_NONE:
		break;
	case UNIT_MS:
		number_format_duration(f->amount, buf, sizeof(buf));
		text_addf(out, " %s", buf);
		break;
	case UNIT_RATE:
		add_rate(out, f->amount);
		break;
	case UNIT_STATUS:
		text_addf(out, " %u", f->amount);
		break;
	}
}

const char *fault_meaning(enum fault_kind kind)
{
	return table[kind].meaning;
}

uint64_t fault_pack(struct fault f)
{
	return f.kind == FAULT_NONE ? 0 : (uint64_t)f.kind << 32 | f.amount;
}

struct fault fault_unpack(uint64_t word)
{
	return (struct fault){ (enum fault_kind)(word >> 32), (uint32_t)word };
}
