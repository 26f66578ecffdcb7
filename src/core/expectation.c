/* SPDX-License-Identifier: MIT */
#include "core/expectation.h"

#include "base/number.h"
#include "base/suggest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { UNKNOWN = DRILLFACTS_UNKNOWN, WORD_MAX = 40 };

const struct expectation_info *expectation_get(enum expectation_name n)
{
	static const struct expectation_info infos[] = {
#define X(name, key, unit, better, meaning)                                                        \
	[EXPECTATION_##name] = { key, meaning, EXPECTATION_##unit, EXPECTATION_##better },
		EXPECTATION_TABLE(X)
#undef X
	};

	return &infos[n];
}

/* --- reading ------------------------------------------------------------------------------ */

struct reader {
	const char *start, *at;
	struct error *err;
};

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\n");
}

static size_t place(const struct reader *r)
{
	return (size_t)(r->at - r->start) + 1;
}

/* The characters up to one of `ends`, without blanks at the end; false if too long or none. */
static bool read_word(struct reader *r, const char *ends, char word[static WORD_MAX])
{
	size_t len = strcspn(r->at, ends);
	size_t used = len;

	while (used > 0 && strchr(" \t\n", r->at[used - 1]) != NULL)
		used--;
	if (used == 0 || used >= WORD_MAX)
		return false;
	memcpy(word, r->at, used);
	word[used] = '\0';
	return true;
}

static void list_names(struct text *out)
{
	for (size_t i = 0; i < EXPECTATION_COUNT; i++)
		text_addf(out, "%s%s", i > 0 ? " " : "",
		          expectation_get((enum expectation_name)i)->key);
}

static bool read_name(struct reader *r, enum expectation_name *ret)
{
	const char *names[EXPECTATION_COUNT], *near;
	AUTO_TEXT all = { 0 };
	char word[WORD_MAX];

	list_names(&all);
	if (!read_word(r, "<>=,", word))
		return error_set(r->err, "at character %zu: write a name, one of %s", place(r),
		                 text_str(&all));
	for (size_t i = 0; i < EXPECTATION_COUNT; i++) {
		names[i] = expectation_get((enum expectation_name)i)->key;
		if (strcmp(names[i], word) == 0) {
			*ret = (enum expectation_name)i;
			r->at += strcspn(r->at, "<>=,");
			return true;
		}
	}
	near = suggest_nearest(word, names, EXPECTATION_COUNT);
	if (near != NULL)
		return error_set(r->err,
		                 "at character %zu: \"%s\" is not a name: did you mean \"%s\"?",
		                 place(r), word, near);
	return error_set(r->err, "at character %zu: \"%s\" is not a name: there are %s", place(r),
	                 word, text_str(&all));
}

static const char *const signs[] = {
	[EXPECTATION_LT] = "<",  [EXPECTATION_LE] = "<=", [EXPECTATION_EQ] = "=",
	[EXPECTATION_GE] = ">=", [EXPECTATION_GT] = ">",
};

static bool read_op(struct reader *r, enum expectation_op *ret)
{
	static const struct {
		const char *sign;
		enum expectation_op op;
	} ops[] = {
		{ "<=", EXPECTATION_LE }, { ">=", EXPECTATION_GE }, { "==", EXPECTATION_EQ },
		{ "<", EXPECTATION_LT },  { ">", EXPECTATION_GT },  { "=", EXPECTATION_EQ },
	};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strncmp(r->at, ops[i].sign, strlen(ops[i].sign)) != 0)
			continue;
		r->at += strlen(ops[i].sign);
		*ret = ops[i].op;
		return true;
	}
	return error_set(r->err, "at character %zu: write < <= = >= or > and a value", place(r));
}

static bool parse_ms(const char *word, uint64_t *ret)
{
	return number_parse_duration(word, ret) &&
	       (strcmp(word, "0") == 0 || word[strspn(word, "0123456789")] != '\0');
}

static bool read_value(struct reader *r, struct expectation *e)
{
	static const char *const wanted[] = {
		[EXPECTATION_MS] = "a duration with its unit, such as 3s or 250ms",
		[EXPECTATION_NUMBER] = "a whole number",
		[EXPECTATION_PERCENT] = "a percentage, such as 15%",
	};
	const struct expectation_info *info = expectation_get(e->name);
	uint64_t n = 0;
	char word[WORD_MAX];
	bool ok = read_word(r, ",<>=", word);

	if (ok && info->unit == EXPECTATION_PERCENT && word[strlen(word) - 1] == '%') {
		word[strlen(word) - 1] = '\0';
		word[strcspn(word, " ")] = '\0';
	}
	if (ok)
		ok = info->unit == EXPECTATION_MS ? parse_ms(word, &n)
		                                  : number_parse(word, INT64_MAX, &n);
	if (!ok || n > INT64_MAX)
		return error_set(r->err, "at character %zu: the value of %s is %s", place(r),
		                 info->key, wanted[info->unit]);
	e->limit = (int64_t)n;
	r->at += strcspn(r->at, ",<>=");
	return true;
}

static bool read_item(struct reader *r, struct expectation *e)
{
	skip_blanks(r);
	if (!read_name(r, &e->name) || !read_op(r, &e->op))
		return false;
	skip_blanks(r);
	if (!read_value(r, e))
		return false;
	if (*r->at != ',' && *r->at != '\0')
		return error_set(r->err, "at character %zu: write a comma between expectations",
		                 place(r));
	return true;
}

bool expectation_parse(const char *s, struct expectation_verdict *ret, struct error *err)
{
	struct reader r = { .start = s, .at = s, .err = err };
	struct expectation_verdict v = { 0 };

	do {
		if (v.count > 0)
			r.at++;
		if (v.count == EXPECTATION_MAX)
			return error_set(err,
			                 "at character %zu: there are more than %d expectations",
			                 place(&r), (int)EXPECTATION_MAX);
		if (!read_item(&r, &v.items[v.count]))
			return false;
		v.count++;
	} while (*r.at == ',');
	*ret = v;
	return true;
}

/* --- finding ------------------------------------------------------------------------------ */

/* What is taken together, and how. */
enum source { OF_OUTAGES, GREATEST_OF_SERVICES, SUM_OF_SERVICES, THEIR_NUMBER };

static enum source source_of(enum expectation_name n)
{
	switch (n) {
	case EXPECTATION_DETECT:
	case EXPECTATION_NOTICED:
	case EXPECTATION_LASTNEW:
	case EXPECTATION_RECOVER:
	case EXPECTATION_REBALANCED:
	case EXPECTATION_SHARE:
		return OF_OUTAGES;
	case EXPECTATION_GAP:
	case EXPECTATION_NOSERVER:
	case EXPECTATION_HELD:
		return GREATEST_OF_SERVICES;
	case EXPECTATION_FAILED:
	case EXPECTATION_CUT:
	case EXPECTATION_ASKED:
	case EXPECTATION_MOVED:
	case EXPECTATION_CONNECTS:
	case EXPECTATION_CONNECTED:
		return SUM_OF_SERVICES;
	case EXPECTATION_OUTAGES:
	case EXPECTATION_COUNT:
		break;
	}
	return THEIR_NUMBER;
}

static size_t member_of(enum expectation_name n)
{
	static const size_t members[] = {
		[EXPECTATION_DETECT] = offsetof(struct drillfacts_outage, detect_ms),
		[EXPECTATION_NOTICED] = offsetof(struct drillfacts_outage, noticed_ms),
		[EXPECTATION_LASTNEW] = offsetof(struct drillfacts_outage, last_new_ms),
		[EXPECTATION_RECOVER] = offsetof(struct drillfacts_outage, recover_ms),
		[EXPECTATION_REBALANCED] = offsetof(struct drillfacts_outage, rebalanced_ms),
		[EXPECTATION_SHARE] = offsetof(struct drillfacts_outage, share_percent),
		[EXPECTATION_GAP] = offsetof(struct drillfacts_service, gap_ms),
		[EXPECTATION_NOSERVER] = offsetof(struct drillfacts_service, no_server_ms),
		[EXPECTATION_FAILED] = offsetof(struct drillfacts_service, failed),
		[EXPECTATION_CUT] = offsetof(struct drillfacts_service, cut),
		[EXPECTATION_ASKED] = offsetof(struct drillfacts_service, asked),
		[EXPECTATION_HELD] = offsetof(struct drillfacts_service, held),
		[EXPECTATION_MOVED] = offsetof(struct drillfacts_service, moved),
		[EXPECTATION_CONNECTS] = offsetof(struct drillfacts_service, connects),
		[EXPECTATION_CONNECTED] = offsetof(struct drillfacts_service, connected),
	};

	return members[n];
}

static int64_t get(const void *of, enum expectation_name n)
{
	return *(const int64_t *)(const void *)((const char *)of + member_of(n));
}

/* Does this outage not have the number, so that it says nothing about it? */
static bool is_left_out(const struct drillfacts_outage *o, enum expectation_name n)
{
	if (n == EXPECTATION_DETECT || n == EXPECTATION_NOTICED)
		return o->early || o->ordered;
	if (n == EXPECTATION_LASTNEW || n == EXPECTATION_RECOVER)
		return o->early;
	return o->idle;
}

/* Why an outage's number is unknown. */
static const char *explain(const struct drillfacts *f, const struct drillfacts_outage *o,
                           enum expectation_name n)
{
	if (n == EXPECTATION_NOTICED)
		return "neither a fault nor a mark says what began it";
	if (n == EXPECTATION_DETECT || (n == EXPECTATION_LASTNEW && o->first_bad_ms == UNKNOWN))
		return "the record has no failed check before it";
	if (n == EXPECTATION_LASTNEW || f->drill->samples == 0)
		return "its sessions were not recorded";
	if (o->back_ms == UNKNOWN)
		return "it was not back at the end of the record";
	if (n == EXPECTATION_REBALANCED && o->share_percent != UNKNOWN)
		return "its sessions did not become even";
	return "it was not usable at the end, or its sessions were not recorded";
}

static void find_in_outages(const struct drillfacts *f, enum expectation_name n,
                            struct expectation_value *ret)
{
	for (size_t i = 0; i < f->outage_count; i++) {
		const struct drillfacts_outage *o = &f->outages[i];
		int64_t value = get(o, n);

		if (is_left_out(o, n) || (value != UNKNOWN && value <= ret->value))
			continue;
		snprintf(ret->where, sizeof(ret->where), "%s/%s%s%s", drillfacts_service(f, o),
		         drillfacts_server(f, o), value == UNKNOWN ? ": " : "",
		         value == UNKNOWN ? explain(f, o, n) : "");
		ret->value = value;
		if (value == UNKNOWN)
			return;
	}
	if (ret->value == UNKNOWN)
		snprintf(ret->where, sizeof(ret->where), "%s",
		         f->outage_count > 0 ? "no outage in the record has this number"
		                             : "no server was out");
}

static void find_in_services(const struct drillfacts *f, enum expectation_name n,
                             struct expectation_value *ret)
{
	bool sum = source_of(n) == SUM_OF_SERVICES;

	for (size_t i = 0; i < f->drill->service_count; i++) {
		int64_t value = get(&f->services[i], n);

		if (value == UNKNOWN)
			continue;
		if (sum) {
			ret->value = (ret->value == UNKNOWN ? 0 : ret->value) + value;
		} else if (value > ret->value) {
			ret->value = value;
			snprintf(ret->where, sizeof(ret->where), "%s", f->drill->services[i].name);
		}
	}
	if (ret->value == UNKNOWN)
		snprintf(ret->where, sizeof(ret->where), "%s",
		         f->drill->samples == 0 ? "no interval of the record was over yet"
		         : n == EXPECTATION_GAP ? "too few clients came"
		                                : "it was not recorded");
}

void expectation_find(const struct drillfacts *f, enum expectation_name n,
                      struct expectation_value *ret)
{
	*ret = (struct expectation_value){ .value = UNKNOWN };
	switch (source_of(n)) {
	case OF_OUTAGES:
		find_in_outages(f, n, ret);
		break;
	case GREATEST_OF_SERVICES:
	case SUM_OF_SERVICES:
		find_in_services(f, n, ret);
		break;
	case THEIR_NUMBER:
		ret->value = (int64_t)f->outage_count;
		break;
	}
}

static bool holds(const struct expectation *e, int64_t value)
{
	if (value == UNKNOWN)
		return false;
	switch (e->op) {
	case EXPECTATION_LT:
		return value < e->limit;
	case EXPECTATION_LE:
		return value <= e->limit;
	case EXPECTATION_EQ:
		return value == e->limit;
	case EXPECTATION_GE:
		return value >= e->limit;
	case EXPECTATION_GT:
		return value > e->limit;
	}
	return false;
}

void expectation_judge(const struct drillfacts *f, struct expectation_verdict *v)
{
	v->failed = 0;
	for (size_t i = 0; i < v->count; i++) {
		expectation_find(f, v->items[i].name, &v->values[i]);
		v->ok[i] = holds(&v->items[i], v->values[i].value);
		v->failed += !v->ok[i];
	}
}

/* --- words -------------------------------------------------------------------------------- */

void expectation_describe(const struct expectation *e, struct text *out)
{
	text_addf(out, "%s %s ", expectation_get(e->name)->key, signs[e->op]);
	expectation_add_value(e->name, e->limit, out);
}

void expectation_add_value(enum expectation_name n, int64_t value, struct text *out)
{
	enum expectation_unit unit = expectation_get(n)->unit;

	if (value == UNKNOWN)
		text_add(out, "unknown");
	else if (unit == EXPECTATION_PERCENT)
		text_addf(out, "%" PRId64 " %%", value);
	else if (unit == EXPECTATION_NUMBER)
		text_addf(out, "%" PRId64, value);
	else if (value < 1000)
		text_addf(out, "%" PRId64 " ms", value);
	else if (value % 1000 == 0)
		text_addf(out, "%" PRId64 " s", value / 1000);
	else
		text_addf(out, "%" PRId64 ".%03d s", value / 1000, (int)(value % 1000));
}
