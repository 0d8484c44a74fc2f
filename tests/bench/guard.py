#!/usr/bin/python3
"""guard.py: fails if a request costs more instructions than tests/bench/budget.txt allows.

    tests/bench/guard.py             compares
    tests/bench/guard.py --measure   prints the figures only

Four costs are compared: a small GET and a browser's, to the server without Python (the echo
application) and to a WSGI application on the worker class sync.  Each is a multiple of what
the bare limit (limit.c) needs for the same request in the same run: absolute counts move with
the CPU's model and with the libraries, these hardly.  It is build/release that is measured."""

import sys
from dataclasses import replace

from counting import FEW, MANY, instructions
from running import Failed, end_by_sigterm, request_of
from servers import HERE, SERVERS
from workloads import WORKLOADS

BUDGET = HERE / "budget.txt"
TOLERANCE = 0.03

#: What the budget calls them, and the names in servers.py and workloads.py.
PROGRAMS = {"echo": "echo", "wsgi": "ucorn"}
KINDS = {"small": "hello", "browser": "headers"}

#: All programs are asked for the same target.
REQUESTS = {
    kind: request_of(replace(WORKLOADS[workload], target="/fixed"))
    for kind, workload in KINDS.items()
}

TOO_DEAR = """
A request has become dearer.  Find out what costs more, now and before the change:

    tests/bench/instructions.py --functions 40 --workload {workload} {server}

Make it cheaper; or, if it is worth its price, raise the figure in tests/bench/budget.txt
and say there what it is paid for."""


def runs_of(server):
    """What three runs of it cost: few small requests; these, and then many of each kind."""
    begun = (REQUESTS["small"], FEW)
    plans = [[begun], *([begun, (request, MANY)] for request in REQUESTS.values())]
    return [instructions(SERVERS[server], WORKLOADS["hello"], plan) for plan in plans]


def costs_of(server):
    """{request: instructions of one}."""
    few, *more = runs_of(server)
    return {name: (total - few) / MANY for name, total in zip(REQUESTS, more)}


def measure():
    """{(program, request): multiple of the limit}."""
    # One after the other: two that look for a free port at the same time may find the same.
    costs = {name: costs_of(name) for name in ["limit", *PROGRAMS.values()]}
    for name in costs:
        for request, cost in costs[name].items():
            print(f"{name:6} {request:8} {cost:9,.0f} instructions")
    return {
        (program, request): costs[server][request] / costs["limit"][request]
        for program, server in PROGRAMS.items()
        for request in REQUESTS
    }


def budget(text):
    """{(program, request): multiple} of the rows of budget.txt."""
    rows = [line.partition("#")[0].split() for line in text.splitlines()]
    return {(program, request): float(most) for program, request, most in filter(None, rows)}


def compare(found, allowed):
    """The rows that are dearer than allowed, and those that are cheaper by as much."""
    dearer = [row for row in found if found[row] > allowed[row] * (1 + TOLERANCE)]
    cheaper = [row for row in found if found[row] < allowed[row] * (1 - TOLERANCE)]
    return dearer, cheaper


def tell(found, allowed):
    """Prints how they compare; True if nothing is too dear."""
    dearer, cheaper = compare(found, allowed)
    for row, cost in found.items():
        verdict = "TOO DEAR" if row in dearer else "cheaper" if row in cheaper else "ok"
        print(
            f"{' '.join(row):12} {cost:6.3f} x limit, budget {allowed[row]:6.3f}:"
            f" {cost / allowed[row] - 1:+6.1%} {verdict}"
        )
    if dearer:
        program, request = dearer[0]
        print(TOO_DEAR.format(server=PROGRAMS[program], workload=KINDS[request]))
    elif cheaper:
        words = ", ".join(f"{' '.join(row)} {found[row]:.3f}" for row in cheaper)
        print(f"Well within the budget; lower it in tests/bench/budget.txt: {words}")
    return not dearer


def main(arguments):
    if arguments not in ([], ["--measure"]):
        sys.exit(__doc__)
    end_by_sigterm()
    allowed = budget(BUDGET.read_text())
    try:
        found = measure()
    except Failed as e:
        sys.exit(f"guard: {e}")
    if arguments:
        for row, cost in found.items():
            print(f"{' '.join(row)} {cost:.3f}")
        return 0
    if found.keys() != allowed.keys():
        sys.exit(f"guard: {BUDGET.name} has to have the rows {', '.join(map(' '.join, found))}")
    return 0 if tell(found, allowed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
