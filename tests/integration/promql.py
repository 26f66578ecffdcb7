# SPDX-License-Identifier: MIT
"""Which metrics and labels an expression of Prometheus names; whether it is one, promtool says."""

import dataclasses
import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[a-zA-Z_:][a-zA-Z0-9_:]*|\[[^]]*\]|=~|!~|!=|>=|<=|==|\S')
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
OPERATORS = {"or", "and", "unless", "bool", "offset", "inf", "nan"}
NAME = re.compile(r"[a-zA-Z_:]")


@dataclasses.dataclass
class Selector:
    metric: str
    matchers: list  # of (label, operator, value)


def parse(expression):
    """(its selectors, the labels that it groups by)"""
    tokens = TOKEN.findall(expression)
    selectors, labels = [], []
    i = 0
    while i < len(tokens):
        token, after = tokens[i], tokens[i + 1] if i + 1 < len(tokens) else ""
        i += 1
        if not NAME.match(token) or token in OPERATORS:
            continue
        if token in GROUPING:
            end = tokens.index(")", i)
            labels += [t for t in tokens[i:end] if NAME.match(t)]
            i = end
        elif after == "{":
            end = tokens.index("}", i)
            words = [t for t in tokens[i + 1:end] if t != ","]
            assert len(words) % 3 == 0, expression
            matchers = [(a, b, c.strip('"')) for a, b, c in
                        zip(words[::3], words[1::3], words[2::3])]
            selectors.append(Selector(token, matchers))
            i = end
        elif after not in ("(", "by", "without"):
            selectors.append(Selector(token, []))
    return selectors, labels
