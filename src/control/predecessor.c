/* SPDX-License-Identifier: MIT */
#include "control/predecessor.h"

#include "base/number.h"
#include "base/text.h"
#include "succession.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

static bool is_channel(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int predecessor_find(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before other threads start */
	const char *value = getenv(SUCCESSION_VARIABLE);
	uint64_t fd;
	bool found = value && number_parse(value, INT32_MAX, &fd) && fd > 2 && is_channel((int)fd);

	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	unsetenv(SUCCESSION_VARIABLE);
	return found && fcntl((int)fd, F_SETFD, FD_CLOEXEC) != -1 ? (int)fd : 0;
}

void predecessor_refuse(int channel, const char *why)
{
	struct text line = { 0 };

	if (!channel)
		return;
	text_addf(&line, "error %s", why);
	succession_say(channel, text_str(&line), -1);
	text_release(&line);
}
