#!/usr/bin/python3
"""User-space instructions and system calls per request.

    tests/bench/instructions.py                      ucorn, a small GET
    tests/bench/instructions.py --workload headers limit ucorn bjoern
    tests/bench/instructions.py --functions 30 ucorn
    tests/bench/instructions.py --system-calls ucorn gunicorn
    tests/bench/instructions.py --alone --workload flask
    tests/bench/instructions.py -- build/debug/ucorn -b 127.0.0.1:{port} -k event {app}

Servers are those of servers.py, by their names, or one command that has {port} and {app} in
it; ucorn, limit and echo are those of build/release.  Needs valgrind or strace, but no quiet
machine."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import counting
from running import Failed, end_by_sigterm
from servers import SERVERS, Server
from workloads import WORKLOADS


def functions(server, workload, connections):
    """{function: instructions per request}."""

    def measure(*run):
        with tempfile.TemporaryDirectory() as folder:
            counting.run_callgrind(*run[:3], folder, run[3])
            return counting.functions_of(folder)

    return counting.per_request(measure, server, workload, connections)


def tell_functions(server, workload, args):
    costs = functions(server, workload, args.connections)
    total = sum(costs.values())
    print(f"{total:10,.0f}  instructions per request")
    for name, cost in sorted(costs.items(), key=lambda item: -item[1])[: args.functions]:
        print(f"{cost:10,.1f} {100 * cost / total:5.1f} %  {name}")


def tell_system_calls(server, workload, args):
    calls = counting.per_request(counting.system_calls, server, workload, args.connections)
    print(f"{sum(calls.values()):10.2f}  system calls per request")
    for name, count in sorted(calls.items(), key=lambda item: -item[1]):
        if count >= counting.BARELY:
            print(f"{count:10.2f}  {name}")


def tell_total(server, workload, args):
    cost = counting.per_request(counting.instructions, server, workload, args.connections)
    print(f"{cost:10,.0f}  instructions per request")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", choices=WORKLOADS, default="hello")
    parser.add_argument("--connections", type=int, default=1,
                        help="that send at the same time (default 1)")  # fmt: skip
    parser.add_argument("--functions", type=int, metavar="N", help="the N that cost most")
    parser.add_argument("--system-calls", action="store_true", help="those, not instructions")
    parser.add_argument("--alone", action="store_true",
                        help="of the application, called in process without a server")  # fmt: skip
    parser.add_argument("servers", nargs="*", metavar="SERVER", help="names, or -- COMMAND")
    words = sys.argv[1:]
    command = []
    if "--" in words:
        command = words[words.index("--") + 1 :]
        words = words[: words.index("--")]
    args = parser.parse_args(words)
    unknown = set(args.servers) - set(SERVERS)
    if unknown or (command and args.servers):
        parser.error(f"servers are {', '.join(SERVERS)}, or one command behind --")
    args.servers = {name: SERVERS[name] for name in args.servers or ["ucorn"]}
    if command:
        command[0] = shutil.which(command[0]) or parser.error(f"no such program: {command[0]}")
        command[0] = str(Path(command[0]).absolute())
        args.servers = {" ".join(command): Server(" ".join(command))}
    return args


def main():
    args = arguments()
    end_by_sigterm()
    if args.alone:
        for name, command in counting.INTERPRETERS.items():
            cost = counting.application_alone(command, WORKLOADS[args.workload])
            print(f"{cost:10,.0f}  instructions per call, {name}", flush=True)
        return 0
    tell = tell_total
    if args.functions:
        tell = tell_functions
    elif args.system_calls:
        tell = tell_system_calls
    failed = False
    for name, server in args.servers.items():
        print(f"{name}, {args.workload}:", flush=True)
        try:
            tell(server, WORKLOADS[args.workload], args)
        except (Failed, AssertionError, OSError) as e:
            print(f"failed: {e}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
