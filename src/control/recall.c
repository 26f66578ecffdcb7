/* SPDX-License-Identifier: MIT */
#include "control/recall.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"
#include "conf/loader.h"
#include "conf/nodeset.h"
#include "control/nodecache.h"
#include "succession.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LIST_MAX = 1 << 20 };

/* --- from process to process --------------------------------------------------------------- */

static bool write_all(int fd, const struct text *t)
{
	for (size_t done = 0; done < t->len;) {
		ssize_t n = write(fd, t->data + done, t->len - done);

		if (n == -1 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/*
 * "told MS", with a descriptor of what nodeset_write() wrote: a socket would not hold a large list.
 * Whoever does not know that line leaves it out (succession.h).
 */
void recall_hand_over(int channel, const struct settings *settings)
{
	AUTO_CLOSE int fd = -1;
	AUTO_TEXT nodes = { 0 };
	AUTO_TEXT line = { 0 };

	if (!settings->found.count)
		return;
	nodeset_write(&settings->found, &nodes);
	text_addf(&line, "told %lld", (long long)settings->found_wall_ms);
	fd = memfd_create("nodes", MFD_CLOEXEC);
	/* Without it there is the file that keeps the list. */
	if (fd != -1 && write_all(fd, &nodes))
		succession_say(channel, text_str(&line), fd);
}

static void read_all(int fd, struct text *out)
{
	char buf[16384];
	ssize_t n;

	while (out->len < LIST_MAX && (n = pread(fd, buf, sizeof(buf), (off_t)out->len)) > 0)
		text_addn(out, buf, (size_t)n);
}

/* All there is: it was sent before this process was started, and nothing else was. */
static void receive(int channel, struct text *nodes, int64_t *ret_wall_ms)
{
	AUTO_FREE char *line = mem_zalloc(SUCCESSION_MESSAGE_MAX + 1);
	uint64_t ms;
	int fd;

	while (succession_receive(channel, 0, line, &fd) == SUCCESSION_MESSAGE) {
		AUTO_CLOSE int list = fd;

		if (list == -1 || strncmp(line, "told ", 5) != 0 ||
		    !number_parse(line + 5, INT64_MAX, &ms))
			continue;
		*ret_wall_ms = (int64_t)ms;
		text_clear(nodes);
		read_all(list, nodes);
	}
}

static bool take_handed(int channel, struct mem_arena *arena, struct loader_nodes *ret)
{
	const struct nodelist_options o = { .source = "the process before" };
	AUTO_TEXT nodes = { 0 };
	struct nodelist list;
	struct error err;

	if (channel)
		receive(channel, &nodes, &ret->wall_ms);
	if (!nodes.len)
		return false;
	if (!nodelist_parse(text_str(&nodes), &o, &list, &err)) {
		log_warn("the list of nodes is left out: %s", err.text);
		return false;
	}
	nodeset_take(&list, arena, &ret->found);
	nodelist_release(&list);
	return true;
}

/* --- from the file -------------------------------------------------------------------------- */

static bool take_kept(const struct settings *s, struct mem_arena *arena, struct loader_nodes *ret)
{
	AUTO_TEXT path = { 0 };
	struct error err;

	if (!s->discover->cache)
		return false;
	/* It was written from in there. */
	text_addf(&path, "%s%s", s->chroot ? s->chroot : "", s->discover->cache);
	if (nodecache_read(text_str(&path), arena, &ret->found, &ret->wall_ms, &err))
		return true;
	if (err.errnum != ENOENT)
		log_warn("the list of nodes that was kept is left out: %s", err.text);
	return false;
}

/* --- settings ------------------------------------------------------------------------------- */

static struct settings *with_nodes(struct settings *before, const struct loader_nodes *nodes)
{
	struct loader_problems problems;
	struct settings *after = loader_read_again(before, nodes, &problems);

	if (!after)
		log_warn("the list of nodes is left out: %s",
		         problems.count ? problems.lines[0] : "it does not fit");
	loader_problems_release(&problems);
	if (!after)
		return before;
	settings_free(before);
	return after;
}

struct settings *recall_nodes(struct settings *settings, int predecessor)
{
	struct mem_arena arena = { 0 };
	struct loader_nodes nodes = { 0 };
	bool handed;

	if (!settings->discover)
		return settings;
	handed = take_handed(predecessor, &arena, &nodes);
	if (handed || take_kept(settings, &arena, &nodes))
		settings = with_nodes(settings, &nodes);
	settings->recalled = !handed && settings->found.count;
	mem_arena_release(&arena);
	return settings;
}
