/* SPDX-License-Identifier: MIT */
#include "control/privileges.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_ids(const struct settings *s, uid_t *uid, gid_t *gid, struct error *err)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread looks up users */
	const struct passwd *user = s->user ? getpwnam(s->user) : NULL;
	const struct group *group;

	if (s->user && !user)
		return error_set(err, "user: there is no user \"%s\"", s->user);
	if (user) {
		*uid = user->pw_uid;
		*gid = user->pw_gid;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe) */
	group = s->group ? getgrnam(s->group) : NULL;
	if (s->group && !group)
		return error_set(err, "group: there is no group \"%s\"", s->group);
	if (group)
		*gid = group->gr_gid;
	return true;
}

bool privileges_drop(const struct settings *s, struct error *err)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	/* The names are looked up before the root changes. */
	if (!find_ids(s, &uid, &gid, err))
		return false;
	if (s->chroot && (chroot(s->chroot) == -1 || chdir("/") == -1))
		return error_sys(err, errno, "chroot to \"%s\"", s->chroot);
	if ((s->user || s->group) && geteuid() == 0 && setgroups(1, &gid) == -1)
		return error_sys(err, errno, "setgroups");
	if (gid != getgid() && setgid(gid) == -1)
		return error_sys(err, errno, "setgid for group %u", gid);
	if (uid != getuid() && setuid(uid) == -1)
		return error_sys(err, errno, "setuid for user %u", uid);
	return true;
}

bool privileges_write_pidfile(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	char line[24];
	int len = snprintf(line, sizeof(line), "%d\n", getpid());

	if (fd == -1 || write(fd, line, (size_t)len) != len)
		return error_sys(err, errno, "pidfile \"%s\"", path);
	return true;
}

void privileges_remove_pidfile(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char line[24] = "";
	char own[24];

	snprintf(own, sizeof(own), "%d\n", getpid());
	if (fd != -1 && read(fd, line, sizeof(line) - 1) > 0 && strcmp(line, own) == 0)
		unlink(path);
}
