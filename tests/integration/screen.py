# SPDX-License-Identifier: MIT
"""A terminal that a program runs in."""

import os
import re
import shlex
import tempfile
from pathlib import Path

from balancer import output
from process import wait_for


class Screen:
    """Of a tmux of its own, with so many columns and rows; `env` is added to the environment."""

    def __init__(self, tmp_path, *argv, size=(150, 50), **env):
        self.errors = tmp_path / "screen.err"
        self.home = tempfile.TemporaryDirectory(prefix="tmux-")
        self.socket = Path(self.home.name) / "s"
        self.env = os.environ | {"LC_ALL": "C.UTF-8", "TERM": "screen",
                                 "HOME": self.home.name} | env
        self.env.pop("TMUX", None)
        command = " ".join(shlex.quote(str(a)) for a in argv)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]),
                  f"{command} 2>{shlex.quote(str(self.errors))}")

    def tmux(self, *args, code=0):
        return output("tmux", "-u", "-S", self.socket, *args, code=code, env=self.env)

    def text(self, *options):
        """What is shown; option -J joins lines that the terminal had to wrap, -e keeps colours."""
        return self.tmux("capture-pane", "-p", *options)

    def marks(self, text):
        """Does a part of the screen that is shown in reverse begin so?"""
        return re.search(rf"\x1b\[(?:\d+;)*7m{re.escape(text)}", self.text("-e"))

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, pattern):
        """Waits until the screen shows that; the match."""
        try:
            return wait_for(lambda: re.search(pattern, self.text(), re.M))
        except AssertionError:
            raise AssertionError(f"no {pattern!r} on the screen:\n{self.text()}") from None

    def has_ended(self):
        return not self.tmux("list-sessions", code=None)

    def close(self):
        self.tmux("kill-server", code=None)
        self.home.cleanup()
