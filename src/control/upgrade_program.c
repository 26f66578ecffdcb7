/* SPDX-License-Identifier: MIT */
/*
 * Which file an upgrade starts.
 */
#include "upgrade.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *upgrade_find_program(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
	const char *value = getenv("PATH");
	char *folders = mem_strdup(value ? value : "");
	char *rest = folders;
	const char *folder;
	struct text path = { 0 };

	if (strchr(name, '/'))
		text_add(&path, name);
	while (!path.len && (folder = strsep(&rest, ":"))) {
		text_addf(&path, "%s/%s", *folder ? folder : ".", name);
		if (access(text_str(&path), X_OK) == -1)
			text_clear(&path);
	}
	if (!path.len)
		text_add(&path, "/proc/self/exe");
	free(folders);
	return text_take(&path);
}
