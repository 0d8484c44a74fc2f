#!/usr/bin/python3
"""lint.py [--root DIR] [--list] [RULE...]: checks the tree against the project's own rules.

A rule is a function: it gets the tree and yields (file, line, message) for each
breach; its first line of documentation says what it asks for."""

import argparse
import sys
from pathlib import Path

import rule_banned
import rule_headers
import rule_includes
import rule_sizes
import rule_text
from source import Tree

RULES = [
    rule_includes.layers,
    rule_includes.confined,
    rule_sizes.file_size,
    rule_sizes.function_size,
    rule_sizes.parameters,
    rule_banned.banned,
    rule_text.opening_comment,
    rule_text.include_guards,
    rule_text.blanks,
    rule_text.leftovers,
    rule_headers.headers_alone,
]


def main():
    parser = argparse.ArgumentParser(description="checks the tree against the project's own rules")
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2], help="the checkout")
    parser.add_argument("--list", action="store_true", help="name the rules and what they ask for")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="only these")
    args = parser.parse_args()

    names = [rule.__name__ for rule in RULES]
    unknown = set(args.rules) - set(names)
    if unknown:
        parser.error(f"no such rule: {', '.join(sorted(unknown))}")
    if args.list:
        for rule in RULES:
            print(f"{rule.__name__:16} {rule.__doc__.splitlines()[0]}")
        return 0

    tree = Tree(args.root)
    breaches = 0
    for rule in RULES:
        if args.rules and rule.__name__ not in args.rules:
            continue
        for where, line, message in rule(tree):
            print(f"{where}:{line}: {rule.__name__}: {message}")
            breaches += 1
    print(rule_sizes.statistics_line(tree))
    print(f"lint: {len(args.rules or names)} rules, {len(tree.sources)} C files, {breaches} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
