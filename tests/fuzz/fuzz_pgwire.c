/* SPDX-License-Identifier: MIT */
/* LAYERS: core base */
/*
 * Any conversation: pieces of "direction and length, bytes".  Beyond not crashing: where the wire
 * stands does not depend on how the bytes of a piece arrive, a wire that is not followed stays so,
 * and one is never idle while anything is owed.
 */
#include "core/pgwire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FROM_SERVER = 0x80 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void say(struct pgwire *p, bool server, const uint8_t *bytes, size_t len)
{
	if (server)
		pgwire_from_server(p, bytes, len);
	else
		pgwire_from_client(p, bytes, len);
}

static bool is_same_stream(const struct pgwire_stream *a, const struct pgwire_stream *b)
{
	return a->left == b->left && a->have == b->have && a->status == b->status &&
	       a->type == b->type && memcmp(a->head, b->head, sizeof(a->head)) == 0;
}

static void must_be_same(const struct pgwire *a, const struct pgwire *b)
{
	must(a->phase == b->phase && a->owed == b->owed && a->authenticated == b->authenticated);
	must(is_same_stream(&a->client, &b->client) && is_same_stream(&a->server, &b->server));
}

static void must_make_sense(const struct pgwire *p)
{
	must(p->phase <= PGWIRE_BLIND);
	must(!pgwire_is_idle(p) || (p->phase == PGWIRE_OPEN && !p->owed && !p->client.left &&
	                            !p->server.left && p->server.status == 'I'));
}

static void talk(const uint8_t *data, size_t size)
{
	struct pgwire whole = { 0 };
	struct pgwire single = { 0 };

	while (size) {
		bool server = data[0] & FROM_SERVER;
		size_t len = data[0] & ~FROM_SERVER;
		bool was_blind = whole.phase == PGWIRE_BLIND;

		data++;
		size--;
		if (len > size)
			len = size;
		say(&whole, server, data, len);
		for (size_t i = 0; i < len; i++)
			say(&single, server, data + i, 1);
		must_be_same(&whole, &single);
		must_make_sense(&whole);
		must(!was_blind || whole.phase == PGWIRE_BLIND);
		data += len;
		size -= len;
	}
}

static void tell(const uint8_t *data, size_t size)
{
	size_t len;
	size_t early_len;
	enum pgwire_packet packet = pgwire_packet(data, size, &len);
	enum pgwire_answer answer = pgwire_answer(data, size);

	for (size_t n = 0; n < size && n < 64; n++) {
		enum pgwire_packet p = pgwire_packet(data, n, &early_len);
		enum pgwire_answer a = pgwire_answer(data, n);

		must(p == PGWIRE_PARTIAL || p == packet);
		must(a == PGWIRE_ANSWER_PARTIAL || a == answer);
	}
}

static void write_error(const uint8_t *data, size_t size)
{
	char text[300];
	char buf[PGWIRE_FATAL_MAX];
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	size_t len;

	memcpy(text, data, n);
	text[n] = '\0';
	len = pgwire_write_fatal(buf, sizeof(buf), "57P01", text);
	must(len > 0 && len <= sizeof(buf));
	must(pgwire_answer(buf, len) == PGWIRE_ANSWER_LEAVING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	talk(data, size);
	tell(data, size);
	write_error(data, size);
	return 0;
}
