# SPDX-License-Identifier: MIT
"""Runs the program of a unit file as systemd would, as far as a process can do that alone.

    confined.py UNIT

Its user, its only capabilities, the system calls and address families that it may use, its limit of
files, its folders, a file system that is read-only but for them, and /proc with processes only.
Run by root inside of a scratch root; the second half runs as the user.
"""

import ctypes
import errno
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

ALLOW, ERRNO, NETLINK, EQUAL = 0x7FFF0000, 0x00050000, 16, 4


def settings_of(unit):
    """{"ExecStart": ["..."], ...}"""
    found = {}
    for line in Path(unit).read_text().splitlines():
        if match := re.match(r"(\w+)=(.*)$", line):
            found.setdefault(match[1], []).append(match[2])
    return found


# --- as root ----------------------------------------------------------------------------------

MOUNTS = """
set -e
for folder in "$@"; do mount --bind "$folder" "$folder"; done
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t proc -o subset=pid,hidepid=invisible proc /proc
mount -o remount,bind,ro /run
mount -o remount,bind,ro /
"""


def folders_of(settings, user):
    tops = {"RuntimeDirectory": "/run", "StateDirectory": "/var/lib", "LogsDirectory": "/var/log"}
    made = []
    for key, top in tops.items():
        for name in settings.get(key, []):
            path = Path(top) / name
            path.mkdir(exist_ok=True)
            path.chmod(int(settings.get(f"{key}Mode", ["0755"])[0], 8))
            shutil.chown(path, user, user)
            made.append(path)
    return made


def as_root(unit):
    settings = settings_of(unit)
    user = settings["User"][0]
    folders = folders_of(settings, user)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x00020000) == 0, "CLONE_NEWNS"
    subprocess.run(["sh", "-c", MOUNTS, "mounts", *map(str, folders)], check=True)
    files = int(settings["LimitNOFILE"][0])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard),) * 2)
    os.umask(int(settings["UMask"][0], 8))
    assert settings["AmbientCapabilities"] == settings["CapabilityBoundingSet"]
    assert settings["NoNewPrivileges"] == ["yes"]
    only = "-all," + ",".join("+" + c.lower().removeprefix("cap_")
                              for c in settings["AmbientCapabilities"][0].split())
    os.execvp("setpriv", [
        "setpriv", "--reuid", user, "--regid", settings["Group"][0], "--clear-groups",
        "--inh-caps", only, "--ambient-caps", only, "--bounding-set", only, "--no-new-privs",
        sys.executable, "-B", __file__, unit, "second half"])


# --- as the user ------------------------------------------------------------------------------


def sets_of_calls():
    """{"@basic-io": ["close", ...], ...}, as this systemd has them."""
    text = subprocess.run(["systemd-analyze", "syscall-filter"], stdout=subprocess.PIPE,
                          check=True, text=True).stdout
    sets, name = {}, None
    for line in text.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif line.startswith("    ") and name and not line.strip().startswith("#"):
            sets[name].append(line.strip())
        elif line.startswith("#"):
            name = None
    return sets


def calls_of(words, sets):
    calls = set()
    for word in words:
        calls |= calls_of(sets[word], sets) if word.startswith("@") else {word}
    return calls


def allowed_calls(filters):
    sets, allowed = sets_of_calls(), set()
    for line in filters:
        calls = calls_of(line.lstrip("~").split(), sets)
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64),
                ("b", ctypes.c_uint64)]


def load_filters(allowed):
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_init.argtypes = [ctypes.c_uint32]
    lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int,
                                           ctypes.c_uint, ctypes.POINTER(Compare)]
    lib.seccomp_load.argtypes = [ctypes.c_void_p]
    families = lib.seccomp_init(ALLOW)
    netlink = Compare(0, EQUAL, NETLINK, 0)
    calls = lib.seccomp_init(ERRNO | errno.EPERM)
    assert not lib.seccomp_rule_add_array(
        families, ERRNO | errno.EAFNOSUPPORT, lib.seccomp_syscall_resolve_name(b"socket"), 1,
        ctypes.byref(netlink))
    for name in sorted(allowed):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # below: of another architecture
            assert not lib.seccomp_rule_add_array(calls, ALLOW, number, 0, None), name
    assert not lib.seccomp_load(families)
    assert not lib.seccomp_load(calls)


def as_user(unit):
    settings = settings_of(unit)
    assert settings["RestrictAddressFamilies"] == ["AF_INET AF_INET6 AF_UNIX"]
    argv = settings["ExecStart"][0].split()
    load_filters(allowed_calls(settings["SystemCallFilter"]))
    os.execv(argv[0], argv)


if __name__ == "__main__":
    (as_user if len(sys.argv) > 2 else as_root)(sys.argv[1])
