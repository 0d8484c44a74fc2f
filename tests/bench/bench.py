"""Measures ucorn beside other WSGI servers: what a request costs, how many a second, how long.

  scripts/bench                               all workloads, all servers that are there
  scripts/bench --pip hello flask             with those from PyPI; two workloads
  scripts/bench -s limit,ucorn,gunicorn --rounds 5 --one-cpu hello headers
  scripts/bench --json build/bench.json --chart build/bench.svg
  scripts/bench --from build/bench.json --chart build/bench.svg

It installs Debian's packages of the groups build and bench (scripts/packages; as root or
through sudo), builds build/release, and runs one server at a time: A B C, A B C, ...  Each has
one worker, bound to one CPU; wrk is bound to another one.  Before each run it waits for an idle
machine; a run that others have disturbed is repeated, and left out if there is another one.
Before it is loaded, a server's answer is compared with what is right.

CPU per request is user and system time of all the server's processes; its multiple of the base
server's is taken in each round, and the median of that is the figure to trust: requests per
second depend on what the machine does besides, and on wrk.  Compare figures of one table only."""

import argparse
import datetime
import json
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import machine
import measuring
import table
from running import end_by_sigterm
from servers import ROOT, SERVERS, available, versions
from workloads import WORKLOADS, with_connections

#: The servers that are run if none is named; the others are variants of these.
USUAL = [
    "limit", "ucorn", "ucorn-gthread", "ucorn-gevent", "gunicorn", "gunicorn-gthread",
    "gunicorn-gevent", "new-gunicorn", "new-gunicorn-gthread", "uwsgi", "uwsgi-threads",
    "uwsgi-router", "waitress", "cheroot", "gevent-pywsgi", "bjoern", "fastpysgi", "granian",
]  # fmt: skip


def names(known):
    def split(text):
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"not known: {', '.join(unknown)}; --list tells all")
        return text.split(",")

    return split


def workload_name(text):
    return names(WORKLOADS)(text)[0]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    say = parser.add_argument
    say("workloads", nargs="*", type=workload_name, metavar="WORKLOAD", help="all if none is named")
    say("--list", action="store_true", help="the workloads, and which servers are there")
    say("-s", "--servers", type=names(SERVERS), metavar="A,B,...", help="only these")
    say("--pip", action="store_true",
        help="install bjoern, fastpysgi, granian and the newest gunicorn into build/bench-venv;"
        " what is in there takes part ever after")
    say("--no-deps", action="store_true", help="install nothing, build nothing")
    say("--rounds", type=int, default=3, help="default 3")
    say("--seconds", type=int, default=3, help="of each run, default 3")
    say("--connections", type=int, help="instead of the workloads' own number")
    say("--one-cpu", action="store_true",
        help="wrk on the server's CPU: its speed limits the figures of requests per second, but"
        " no wake-ups between CPUs are in those of CPU per request")
    say("--again", type=int, default=1, help="repeat disturbed runs so often, default 1")
    say("--patience", type=float, default=6, metavar="S",
        help="wait so long for an idle machine before a run, default 6")
    say("--base", default="limit", choices=SERVERS, metavar="SERVER",
        help="tell costs in multiples of its; default limit, or the first where it has no part")
    say("--json", type=Path, metavar="FILE", help="write all runs there")
    say("--from", type=Path, nargs="+", metavar="FILE", dest="saved",
        help="measure nothing: take the runs that --json wrote; later files count first")
    say("--chart", type=Path, metavar="FILE", help="draw an SVG")
    say("--chart-of", choices=("cpu", "rate"), default="cpu",
        help="CPU per request (default) or requests per second")  # fmt: skip
    return parser.parse_args()


def commit():
    """The tree that is measured."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ended.stdout.strip()


def about(args):
    """What has to be known about figures that are kept."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": machine.description(),
        "python": platform.python_version(),
        "command": shlex.join(["scripts/bench", *sys.argv[1:]]),
        "commit": commit(),
        "connections": args.connections,
        "versions": versions(),
    }


def print_list(there):
    print("Workloads:")
    for name, workload in WORKLOADS.items():
        print(f"  {name:22} {workload.what}, {workload.connections} connections")
    print("Servers:")
    for name in SERVERS:
        usual = "" if name in USUAL else ", only when named"
        print(f"  {name:22} {'there' if name in there else 'not there'}{usual}")


def chosen(args, there):
    """The servers to run, in the table's order; what is not there is said."""
    wanted = args.servers or USUAL
    missing = [name for name in wanted if name not in there]
    if missing:
        print(f"Not there, left out: {', '.join(missing)}", file=sys.stderr)
    return [name for name in SERVERS if name in wanted and name in there]


def print_table(name, runs, args, connections):
    workload = with_connections(WORKLOADS[name], connections)
    title = f"{name}: {workload.what}, {workload.connections} connections"
    print(table.markdown(title, runs, args.base, workload.waits), flush=True)


def save(document, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def measure(args, there):
    """The document of all runs; it is saved after each workload, as far as it is."""
    document = {"about": about(args), "workloads": {}}
    plan = measuring.Plan(args.rounds, args.seconds, args.one_cpu, args.again, args.patience)
    servers = chosen(args, there)
    for name in args.workloads or WORKLOADS:
        workload = with_connections(WORKLOADS[name], args.connections)
        print(f"{name}:", file=sys.stderr)
        runs = measuring.rounds(servers, workload, plan)
        if not runs:
            continue
        document["workloads"][name] = runs
        print_table(name, runs, args, args.connections)
        if args.json:
            save(document, args.json)
    return document


def load(paths, servers):
    """One document of several, of these servers if any are named; what it says about them is of
    the last, but has the commands of all."""
    document = {"workloads": {}}
    commands = []
    for path in paths:
        read = json.loads(path.read_text())
        document["about"] = read["about"]
        commands.append(read["about"]["command"])
        for name, runs in read["workloads"].items():
            kept = {server: its for server, its in runs.items() if server in (servers or runs)}
            if kept:
                document["workloads"][name] = kept
    document["about"]["command"] = "\n".join(commands)
    return document


def main():
    args = arguments()
    end_by_sigterm()
    if args.list:
        print_list(available())
        return
    if args.saved:
        document = load(args.saved, args.servers)
        for name, runs in document["workloads"].items():
            if not args.workloads or name in args.workloads:
                print_table(name, runs, args, document["about"]["connections"])
    else:
        document = measure(args, available())
    facts = document["about"]
    print(f"{facts['date']}, {facts['machine']}, Python {facts['python']}, {facts['commit']}")
    print(", ".join(f"{name} {version}" for name, version in facts["versions"].items()))
    print(f"{facts['command']}")
    if args.chart:
        import chart

        chart.draw(document, args.chart, args.chart_of, args.workloads)


if __name__ == "__main__":
    main()
