"""How files begin, and what is not left in them."""

import re

from source import blank

LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def opening_comment(tree):
    """Every C file begins with a comment that says what it is for."""
    for source in tree.sources:
        if not source.text.startswith("/*"):
            yield source.where, 1, "begins without a comment that says what it is for"


def include_guards(tree):
    """src/http/strict.h and include/ucorn/http/strict.h are guarded by UCORN_HTTP_STRICT_H."""
    for source in tree.sources:
        if not source.where.endswith(".h") or source.top == "tests":
            continue
        name = re.sub(r"^(include/ucorn|src)/", "", source.where)
        guard = "UCORN_" + re.sub(r"\W", "_", name).upper()
        lines = source.code.strip().split("\n")
        if lines[:2] != [f"#ifndef {guard}", f"#define {guard}"] or lines[-1] != "#endif":
            yield source.where, 1, f"is not guarded by {guard}"


def blanks(tree):
    """No blanks at the end of a line, no carriage returns, a newline at the end of the file."""
    for where, text in tree.texts:
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield where, number, "blanks at the end of the line"
        if text and not text.endswith("\n"):
            yield where, text.count("\n") + 1, "no newline at the end of the file"


def leftovers(tree):
    """What is left to do is an issue, not a comment."""
    for where, text in tree.texts:
        if where.endswith((".c", ".h")):
            text = blank(text, strings=True)
        for match in LEFTOVER.finditer(text):
            yield where, text.count("\n", 0, match.start()) + 1, f"{match.group()} left behind"
