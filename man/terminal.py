#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Records a terminal session with the demo as an SVG that moves: see screenshot.sh.

    python3 man/terminal.py SLUICE OUT.svg
"""

import html
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS, ROWS = 100, 34
WIDTH, HEIGHT, EDGE = 8.4, 18, 14  # of a cell and of the frame, in pixels
PROMPT = r"^\$\s*\Z"
BACK, TEXT = "#10161b", "#dfe6ec"
PALETTE = ["#3b4650", "#ff7b72", "#45d3a8", "#ffc04d", "#6cb8ff", "#d2a8ff", "#56d4dd", "#dfe6ec",
           "#7d8995", "#ffa198", "#7ee8c8", "#ffd57e", "#9dcfff", "#e2c5ff", "#9be9ee", "#ffffff"]


# --- a terminal -------------------------------------------------------------------------------

class Terminal:
    """A shell in a tmux of its own, and the pictures that are taken of it."""

    def __init__(self, directory, env):
        self.socket = Path(directory) / "tmux"
        self.frames = []
        words = [f"{key}={value}" for key, value in env.items()]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", COLUMNS, "-y", ROWS, "env", *words,
                  "bash", "--norc", "--noprofile")
        self.tmux("set", "-g", "status", "off")
        self.wait(PROMPT)

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *[str(w) for w in words]],
                              check=True, capture_output=True, text=True).stdout

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def wait(self, pattern, seconds=60):
        until = time.monotonic() + seconds
        while not re.search(pattern, self.screen(), re.M):
            if time.monotonic() > until:
                raise SystemExit(f"no {pattern!r} on the screen:\n{self.screen()}")
            time.sleep(0.1)

    def shoot(self, seconds):
        self.frames.append((seconds, self.screen("-e")))

    def run(self, command, seconds, pattern=PROMPT):
        """Types it, as one would see that, and waits for its answer."""
        self.tmux("send-keys", "-l", "--", command)
        self.wait(re.escape(f"$ {command}"))
        self.shoot(0.8)
        self.tmux("send-keys", "Enter")
        self.wait(pattern)
        self.shoot(seconds)

    def clear(self):
        self.tmux("send-keys", "-l", "--", "clear")
        self.tmux("send-keys", "Enter")
        self.wait(r"\A\$\s*\Z")

    def close(self):
        self.tmux("kill-server")


# --- what it shows ----------------------------------------------------------------------------

def cube(n):
    if n < 16:
        return PALETTE[n]
    if n >= 232:
        return "#" + f"{8 + 10 * (n - 232):02x}" * 3
    parts = ((n - 16) // 36, (n - 16) // 6 % 6, (n - 16) % 6)
    return "#" + "".join(f"{55 + 40 * p if p else 0:02x}" for p in parts)


def change(style, codes):
    """The style after an SGR sequence (ECMA-48 8.3.117)."""
    style, codes = dict(style), [int(c or 0) for c in codes.split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2, 4, 7):
            style[{1: "bold", 2: "dim", 4: "line", 7: "reverse"}[code]] = True
        elif code in (38, 48) and codes[:1] == [5]:
            style["ink" if code == 38 else "back"] = cube(codes[1])
            del codes[:2]
        elif code in (38, 48) and codes[:1] == [2]:
            style["ink" if code == 38 else "back"] = "#" + bytes(codes[1:4]).hex()
            del codes[:4]
        elif code in (39, 49):
            style.pop("ink" if code == 39 else "back", None)
        else:
            for first, what, bright in ((30, "ink", 0), (40, "back", 0), (90, "ink", 8),
                                        (100, "back", 8)):
                if first <= code < first + 8:
                    style[what] = PALETTE[code - first + bright]
    return style


def runs(line, style):
    """[(column, text, style)] of a line, and the style at its end."""
    out, column = [], 0
    for part in re.split(r"(\x1b\[[\d;]*m)", line):
        if part.startswith("\x1b"):
            style = change(style, part[2:-1])
        elif part:
            out.append((column, part, style))
            column += len(part)
    return out, style


def draw(column, row, text, style):
    ink, back = style.get("ink", TEXT), style.get("back")
    if style.get("reverse"):
        ink, back = back or BACK, ink
    x, y, wide = EDGE + column * WIDTH, EDGE + row * HEIGHT, len(text) * WIDTH
    out = f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{HEIGHT}" fill="{back}"/>' \
        if back else ""
    if not text.strip():
        return out
    more = ' font-weight="bold"' if style.get("bold") else ""
    more += ' opacity=".65"' if style.get("dim") else ""
    more += ' text-decoration="underline"' if style.get("line") else ""
    return (f'{out}<text x="{x:.1f}" y="{y + 13}" textLength="{wide:.1f}" fill="{ink}"{more}>'
            f"{html.escape(text)}</text>")


def picture(screen):
    out, style = [], {}
    for row, line in enumerate(screen.split("\n")[:ROWS]):
        found, style = runs(line, style)
        out += [draw(column, row, text, how) for column, text, how in found]
    return "".join(out)


def film(frames):
    total = sum(seconds for seconds, _ in frames)
    wide, high = 2 * EDGE + COLUMNS * WIDTH, 2 * EDGE + ROWS * HEIGHT
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" '
           f'width="{wide:.0f}" height="{high}" role="img" aria-label="A terminal: sluice status, '
           'watch, why, a drill\'s report and top while a node drains and another one dies">',
           f"<style>text{{font:13px ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace;"
           f"white-space:pre}}g{{visibility:hidden;animation:{total:.1f}s step-end infinite}}"]
    at = 0.0
    for n, (seconds, _) in enumerate(frames):
        begin, end = 100 * at / total, 100 * (at + seconds) / total
        before = "0%{visibility:hidden}" if n else ""
        out.append(f"@keyframes f{n}{{{before}{begin:.2f}%{{visibility:visible}}"
                   f"{end:.2f}%{{visibility:hidden}}}}#f{n}{{animation-name:f{n}}}")
        at += seconds
    # Who wants nothing to move sees one picture.
    out.append(f"@media(prefers-reduced-motion){{g{{animation:none}}#f{len(frames) - 1}"
               f"{{visibility:visible}}}}</style>")
    out.append(f'<rect width="100%" height="100%" rx="10" fill="{BACK}"/>')
    out += [f'<g id="f{n}">{picture(screen)}</g>' for n, (_, screen) in enumerate(frames)]
    return "\n".join([*out, "</svg>", ""])


# --- the session ------------------------------------------------------------------------------

def play(terminal, demo):
    def say(words):
        demo.stdin.write(words + "\n")
        demo.stdin.flush()

    terminal.run("sluice status", 3.5)
    terminal.clear()
    terminal.run("sluice watch", 1.2, "waiting for events")
    say("2 drain 60s")
    terminal.wait(r"psql/n2 .*NOLB")
    terminal.shoot(2.5)
    say("kill 1")
    terminal.wait(r"psql/n1 .*DOWN")
    terminal.shoot(3)
    terminal.tmux("send-keys", "C-c")
    terminal.wait(PROMPT)
    terminal.clear()
    terminal.run("sluice why psql/n1", 5)
    terminal.clear()
    terminal.run("sluice drill report --last 1m", 6)
    terminal.clear()
    terminal.run("sluice top", 2, "Services")
    time.sleep(3)
    terminal.shoot(5)


def main():
    sluice, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    demo = subprocess.Popen([sluice, "demo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    with tempfile.TemporaryDirectory(prefix="film-") as directory:
        said, terminal = "", None
        try:
            while "accepting connections" not in said:
                line = demo.stdout.readline()
                assert line, f"the demo has ended:\n{said}"
                said += line
            socket = re.search(r"SLUICE_SOCKET=(\S+)", said)[1]
            time.sleep(15)
            terminal = Terminal(directory, {
                "PS1": "$ ", "HOME": directory, "LC_ALL": "C.UTF-8", "SLUICE_SOCKET": socket,
                "PATH": f"{sluice.parent}:/usr/bin:/bin"})
            play(terminal, demo)
        finally:
            if terminal:
                terminal.close()
            demo.kill()
            demo.wait()
    out.write_text(film(terminal.frames), encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
