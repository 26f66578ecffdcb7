/* SPDX-License-Identifier: MIT */
#include "confvalue.h"

#include "base/number.h"
#include "draft.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

typedef void formatter(const struct keytable_key *k, const void *target, struct text *out);

void confvalue_add_string(const char *s, struct text *out)
{
	text_addc(out, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '\r' || c == '\n' || c == '\t') {
			text_add(out, c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t");
			continue;
		}
		if (c < 0x20 || c == 0x7f) {
			text_addf(out, "\\x%02x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			text_addc(out, '\\');
		text_addc(out, *s);
	}
	text_addc(out, '"');
}

static uint64_t load_number(const struct keytable_key *k, const void *target)
{
	uint16_t small;
	uint32_t large;

	assert(k->size == sizeof(bool) || k->size == sizeof(small) || k->size == sizeof(large));
	if (k->size == sizeof(bool))
		return *(const bool *)target;
	if (k->size == sizeof(small)) {
		memcpy(&small, target, sizeof(small));
		return small;
	}
	memcpy(&large, target, sizeof(large));
	return large;
}

static void add_flag(const struct keytable_key *k, const void *target, struct text *out)
{
	(void)k;
	text_add(out, *(const bool *)target ? "true" : "false");
}

static void add_whole(const struct keytable_key *k, const void *target, struct text *out)
{
	text_addf(out, "%" PRIu64, load_number(k, target));
}

/* Hundredths: "1.4", "0.25", "2". */
static void add_decimal(const struct keytable_key *k, const void *target, struct text *out)
{
	uint64_t n = load_number(k, target);

	text_addf(out, "%" PRIu64, n / 100);
	if (n % 100)
		text_addf(out, n % 10 ? ".%02" PRIu64 : ".%" PRIu64,
		          n % 10 ? n % 100 : n % 100 / 10);
}

static void add_duration(uint64_t ms, struct text *out)
{
	char buf[64];

	number_format_duration(ms, buf, sizeof(buf));
	text_addf(out, "\"%s\"", ms ? buf : "0s");
}

static void add_milliseconds(const struct keytable_key *k, const void *target, struct text *out)
{
	add_duration(load_number(k, target), out);
}

static void add_seconds(const struct keytable_key *k, const void *target, struct text *out)
{
	add_duration(load_number(k, target) * 1000, out);
}

static void add_micros(const struct keytable_key *k, const void *target, struct text *out)
{
	text_addf(out, "\"%" PRIu64 "us\"", load_number(k, target));
}

static void add_idle(const struct keytable_key *k, const void *target, struct text *out)
{
	uint64_t ms = load_number(k, target);
	char buf[64];

	number_format_duration(ms, buf, sizeof(buf));
	text_addf(out, ms ? "\"idle %s\"" : "\"never\"", buf);
}

static void add_word(const struct keytable_key *k, const void *target, struct text *out)
{
	confvalue_add_string(k->words[load_number(k, target)], out);
}

static void add_text(const struct keytable_key *k, const void *target, struct text *out)
{
	const char *s;

	assert(k->size == sizeof(s));
	memcpy(&s, target, sizeof(s));
	if (s)
		confvalue_add_string(s, out);
}

/* NULL is none at all, which a default must not replace. */
static void add_optional(const struct keytable_key *k, const void *target, struct text *out)
{
	const char *s;

	(void)k;
	memcpy(&s, target, sizeof(s));
	confvalue_add_string(s ? s : "", out);
}

static void add_admin(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct draft_admin *admin = target;

	(void)k;
	confvalue_add_string(admin->a.bind ? admin->a.bind : "", out);
}

static void add_port(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct draft_port *port = target;

	(void)k;
	if (!port->set)
		return;
	if (port->ref == SETTINGS_PORT_SQL)
		text_add(out, "\"sql\"");
	else if (port->ref == SETTINGS_PORT_HTTP)
		text_add(out, "\"http\"");
	else
		text_addf(out, "%u", port->number);
}

static void add_listen(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_bind *b = target;

	(void)k;
	confvalue_add_string(b->text, out);
}

static void add_address(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_server *s = target;
	AUTO_TEXT t = { 0 };

	(void)k;
	if (strncmp(s->host, "unix:", 5) == 0)
		text_add(&t, s->host);
	else
		text_addf(&t, strchr(s->host, ':') ? "[%s]:%u" : "%s:%u", s->host, s->port);
	confvalue_add_string(text_str(&t), out);
}

static void add_target(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_log *l = target;

	(void)k;
	confvalue_add_string(l->text, out);
}

static void add_bytes(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct draft_bytes *bytes = target;

	(void)k;
	if (bytes->at)
		confvalue_add_string(bytes->at, out);
}

static void add_hex(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct draft_bytes *bytes = target;

	(void)k;
	if (!bytes->at)
		return;
	text_addc(out, '"');
	for (size_t i = 0; i < bytes->len; i++)
		text_addf(out, "%02x", (unsigned char)bytes->at[i]);
	text_addc(out, '"');
}

static void add_mode(const struct keytable_key *k, const void *target, struct text *out)
{
	uint64_t mode = load_number(k, target);

	if (mode)
		text_addf(out, "\"%04" PRIo64 "\"", mode);
}

static void add_control(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_socket *s = target;

	(void)k;
	confvalue_add_string(s->text, out);
}

static void add_source(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_source *s = target;
	char buf[ADDR_TEXT_MAX];
	const char *host = addr_format_host(&s->addr, buf);

	(void)k;
	if (!s->addr.len)
		return;
	text_addf(out, strchr(host, ':') ? "\"[%s]" : "\"%s", host);
	if (s->port_low)
		text_addf(out, ":%u", s->port_low);
	if (s->port_high > s->port_low)
		text_addf(out, "-%u", s->port_high);
	text_addc(out, '"');
}

static void add_sample(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_log *l = target;

	(void)k;
	for (size_t i = 0; i < l->sample.count; i++) {
		const struct settings_range *r = &l->sample.at[i];

		text_addf(out, "%s%u", i ? "," : "\"", r->low);
		if (r->high > r->low)
			text_addf(out, "-%u", r->high);
	}
	if (l->sample.count)
		text_addf(out, ":%u\"", l->sample_size);
}

static void add_strings(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_strings *list = target;

	(void)k;
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, i ? ", " : "( ");
		confvalue_add_string(list->at[i], out);
	}
	if (list->count)
		text_add(out, " )");
}

static void add_statuses(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct settings_ranges *list = target;

	if (!list->count && !*k->initial)
		return; /* none is not a default that could be in the way */
	text_add(out, "( ");
	for (size_t i = 0; i < list->count; i++) {
		const struct settings_range *r = &list->at[i];

		text_add(out, i ? ", " : "");
		if (r->low == r->high)
			text_addf(out, "%u", r->low);
		else
			text_addf(out, "\"%u-%u\"", r->low, r->high);
	}
	text_add(out, list->count ? " )" : ")");
}

static void add_net(const struct addr_net *net, struct text *out)
{
	struct addr_ip ip = { .family = net->family_bits == 32 ? AF_INET : AF_INET6 };
	char buf[ADDR_TEXT_MAX];
	struct addr addr;

	memcpy(ip.bytes, net->bytes, sizeof(ip.bytes));
	addr = addr_unpack(&ip);
	text_addf(out, "\"%s", addr_format_host(&addr, buf));
	if (net->bits < net->family_bits)
		text_addf(out, "/%u", net->bits);
	text_addc(out, '"');
}

static void add_nets(const struct keytable_key *k, const void *target, struct text *out)
{
	const struct draft_nets *list = target;

	(void)k;
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, i ? ", " : "( ");
		add_net(&list->at[i], out);
	}
	if (list->count)
		text_add(out, " )");
}

static formatter *const formatters[] = {
	[KEYTABLE_FLAG] = add_flag,
	[KEYTABLE_WHOLE] = add_whole,
	[KEYTABLE_DECIMAL] = add_decimal,
	[KEYTABLE_DURATION] = add_milliseconds,
	[KEYTABLE_SECONDS] = add_seconds,
	[KEYTABLE_MICROS] = add_micros,
	[KEYTABLE_IDLE] = add_idle,
	[KEYTABLE_WORD] = add_word,
	[KEYTABLE_CHOICE] = add_text,
	[KEYTABLE_STRING] = add_text,
	[KEYTABLE_NAME] = add_text,
	[KEYTABLE_BYTES] = add_bytes,
	[KEYTABLE_HEX] = add_hex,
	[KEYTABLE_TEXT] = add_text,
	[KEYTABLE_REGEX] = add_text,
	[KEYTABLE_OPTIONAL] = add_optional,
	[KEYTABLE_METHOD] = add_text,
	[KEYTABLE_URL] = add_text,
	[KEYTABLE_LOCALITY] = add_text,
	[KEYTABLE_PATH] = add_text,
	[KEYTABLE_SOCKET] = add_optional,
	[KEYTABLE_MODE] = add_mode,
	[KEYTABLE_FILE] = add_text,
	[KEYTABLE_PROGRAM] = add_text,
	[KEYTABLE_DIRECTORY] = add_text,
	[KEYTABLE_USER] = add_text,
	[KEYTABLE_USERGROUP] = add_text,
	[KEYTABLE_HOST] = add_text,
	[KEYTABLE_INTERFACE] = add_text,
	[KEYTABLE_PORT] = add_port,
	[KEYTABLE_LISTEN] = add_listen,
	[KEYTABLE_ADMIN] = add_admin,
	[KEYTABLE_ADDRESS] = add_address,
	[KEYTABLE_SOURCE_ADDRESS] = add_source,
	[KEYTABLE_CONTROL] = add_control,
	[KEYTABLE_TRACK] = add_text,
	[KEYTABLE_TARGET] = add_target,
	[KEYTABLE_SAMPLE] = add_sample,
	[KEYTABLE_HEADERS] = add_strings,
	[KEYTABLE_STATUSES] = add_statuses,
	[KEYTABLE_NETS] = add_nets,
	[KEYTABLE_NAMES] = add_strings,
	[KEYTABLE_NAMESERVERS] = add_strings,
	[KEYTABLE_SEEDS] = add_strings,
	[KEYTABLE_FILTER] = add_text,
	[KEYTABLE_KEPT] = add_optional,
};

void confvalue_add(const struct keytable_key *k, const void *base, struct text *out)
{
	const void *target = (const char *)base + k->offset;

	assert(k->type < sizeof(formatters) / sizeof(formatters[0]) && formatters[k->type]);
	if (k->type == KEYTABLE_ADMIN)
		target = base; /* its target column names one of several members */
	formatters[k->type](k, target, out);
}
