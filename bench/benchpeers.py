# SPDX-License-Identifier: MIT
"""Who is measured: peers.conf, and how one of them is started."""

import collections
import configparser
import shutil
import string
import subprocess
from pathlib import Path

import benchcell

CONF = Path(__file__).with_name("peers.conf")
PORT = 20000
FIXED = ("binary", "command", "server", "between", "conf", "version", "like", "kind")


def read_conf(path):
    """Sections of such a file as dictionaries, with what `like` brings along."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",),
                                       comment_prefixes=("#",), default_section="")
    parser.optionxform = str
    parser.read(path)
    sections = {}
    for name in parser.sections():
        own = dict(parser[name])
        sections[name] = sections.get(own.get("like"), {}) | own
    return sections


class Peer:
    def __init__(self, name, section, binary):
        self.name, self.section, self.binary = name, section, binary
        self.kind = section.get("kind", "peer")
        self.version_text = self._ask_version()

    def _ask_version(self):
        option = self.section.get("version")
        if not option:
            return ""
        done = subprocess.run([self.binary, option], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    @property
    def version(self):
        line = self.version_text.split("\n", maxsplit=1)[0].split(" - ")[0].strip()
        return line.removeprefix("nginx version: ").replace("HAProxy version", "HAProxy")

    def has_threads(self):
        return "$threads" in self.section["conf"]

    def _words(self, row, threads, servers):
        """What the placeholders mean in that row."""
        words = collections.defaultdict(str)
        for key, value in self.section.items():
            key, _, only = key.partition("@")
            if only in ("", row) and key not in FIXED:
                words[key] = value
        for key in [k for k in words if k.endswith("_if")]:
            if words[key] not in self.version_text:
                words[key.removesuffix("_if")] = ""
        lines = [string.Template(self.section.get("server", "")).substitute(n=i + 1, to=to)
                 for i, to in enumerate(servers)]
        words |= {"servers": (self.section.get("between", "") + "\n").join(lines),
                  "ports": ",".join(str(to) for to in servers), "port": PORT,
                  "threads": threads, "sessions": benchcell.FILES // 2 - 80,
                  "files": benchcell.FILES, "binary": self.binary}
        return words

    def start(self, cell, directory, row, cores, servers, threads=1, wrap=()):
        """The peer, listening on PORT of the cell, before those servers."""
        words = self._words(row, threads, servers)
        path = Path(directory) / f"{self.name}.conf"
        words |= {"conf": path, "dir": directory}
        path.write_text(string.Template(self.section["conf"]).substitute(words) + "\n")
        argv = string.Template(self.section["command"]).substitute(words).split()
        child = cell.start(self.name, [*wrap, *argv], cores)
        benchcell.wait_listening(child, PORT)
        return child


def find(given, sluice, tools, conf=CONF):
    """Peers: those of peers.conf that are installed, then those given as NAME=BINARY.

    haproxy-new=FILE adds a haproxy-new for the section haproxy, and a haproxy-new-splice for
    haproxy-splice: the section's name with the rest of NAME behind its first word.
    """
    sections = read_conf(conf)
    peers = {}
    for name, section in sections.items():
        binary = {"sluice": sluice}.get(section["binary"]) or (
            Path(tools) / section["binary"] if section.get("kind") == "floor"
            else shutil.which(section["binary"], path="/usr/sbin:/usr/bin:/usr/local/sbin"))
        if binary and Path(binary).exists():
            peers[name] = Peer(name, section, str(binary))
    for entry in given:
        name, _, binary = entry.partition("=")
        stem = name.partition("-")[0]
        if stem not in sections or not Path(binary).is_file():
            raise SystemExit(f"--peer {entry}: the first word of the name is a section of "
                             f"{conf.name} ({', '.join(sections)}), then = and a program")
        for section in sections:
            if section == stem or section.startswith(stem + "-"):
                full = name + section.removeprefix(stem)
                peers[full] = Peer(full, sections[section], binary)
    return peers
