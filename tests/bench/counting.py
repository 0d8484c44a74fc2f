"""What a request costs in figures that no other work on the machine moves: user-space
instructions, by callgrind, and system calls, by strace.

A server is run twice, once for few requests and once for more.  What the second run costs
more, divided by the requests that it has answered more, is the cost of one: start and end are
in both.  All processes count.  The client waits for each answer, or for one on each of its
connections, before it sends on: what a turn of the server's loop finds is the same each time."""

import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from running import Failed, Running, Unanswered, environ_with, request_of
from servers import APPS, BUILD, PYTHON

#: str's hashes, and with them the collisions in dictionaries, are the same in each run.
ENVIRON = {"PYTHONHASHSEED": "0"}

FEW, MANY = 200, 1200
BARELY = 0.02  # calls per request that are still told


def ask(running, request, count, connections=1):
    """Sends that many requests; raises Failed unless the answers are 200."""
    clients = [running.connect() for _ in range(connections)]
    for _ in range(count // connections):
        for client in clients:
            client.send(request)
        clients = [answered(running, client, request) for client in clients]
    for client in clients:
        client.close()


def answered(running, client, request):
    """Reads the answer; returns the connection for the next request.

    A server may have closed this one without a word, as uWSGI does: then the request is sent
    again on another one."""
    try:
        response = client.response()
    except (Unanswered, ConnectionResetError):
        client.close()
        client = running.connect()
        client.send(request)
        response = client.response()
    if response.status != 200:
        raise Failed(f"status {response.status} for {request[:40]!r}")
    if response.get("Connection", "").lower() != "close":
        return client
    client.close()
    return running.connect()


def run(server, workload, under, questions, connections):
    """From the server's start to its end, under the command that counts.  questions: requests,
    and how many of each."""
    with Running(server, workload, under, ENVIRON) as running:
        for request, count in questions:
            ask(running, request, count, connections)
        running.terminate()
        running.wait_end()


def callgrind(folder):
    return [
        "valgrind", "-q", "--tool=callgrind", "--trace-children=yes",
        f"--callgrind-out-file={folder}/callgrind.%p",
    ]  # fmt: skip


def run_callgrind(server, workload, questions, folder, connections=1):
    """Runs the server under callgrind, which writes a file into folder for each process."""
    run(server, workload, callgrind(folder), questions, connections)


#: The interpreters that servers run in or embed: what calls the application is imported.
INTERPRETERS = {
    "shared library": [
        BUILD / "tests/bare_python", PYTHON, "0", "{names}", "/dev/null", APPS,
    ],
    "python3, as ucorn is": [PYTHON, "-c", "import in_process"],
}  # fmt: skip


def application_alone(command, workload):
    """Instructions of a call in process, without a server; with it, those of copying environ."""

    def run_calls(calls):
        with tempfile.TemporaryDirectory() as folder:
            names = Path(folder) / "names"
            names.write_text("in_process\n")
            variables = {"PYTHONPATH": str(APPS), "APPLICATION": workload.app, "CALLS": str(calls)}
            subprocess.run(
                [*callgrind(folder), *(str(word).format(names=names) for word in command)],
                check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env=environ_with({**ENVIRON, **variables}),
            )  # fmt: skip
            return total_of(folder)

    return (run_calls(MANY) - run_calls(FEW)) / (MANY - FEW)


def total_of(folder):
    """Instructions of all processes."""
    totals = [
        int(re.search(r"^(?:totals|summary): (\d+)", path.read_text(errors="replace"), re.M)[1])
        for path in Path(folder).glob("callgrind.*")
    ]
    if not totals:
        raise Failed("valgrind has counted nothing")
    return sum(totals)


def instructions(server, workload, questions, connections=1):
    """Of a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        run_callgrind(server, workload, questions, folder, connections)
        return total_of(folder)


def functions_of(folder):
    """{function: instructions}: what was inlined into it from other files is in there."""
    costs = Counter()
    for path in Path(folder).glob("callgrind.*"):
        command = ["callgrind_annotate", "--threshold=100", "--show-percs=no", "--auto=no", path]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        for number, name in re.findall(r"^ *([\d,]+)  \S*?:(.+?)(?: \[\S+\])?$", text, re.M):
            costs[name] += int(number.replace(",", ""))
    return costs


def system_calls_of(text):
    """{call: how often}, from what strace -c writes."""
    rows = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", text, re.M)
    return Counter({name: int(count) for count, name in rows if name != "total"})


def system_calls(server, workload, questions, connections=1):
    """Of a whole run."""
    with tempfile.NamedTemporaryFile("r") as output:
        under = ["strace", "-f", "-c", "-qq", "-o", output.name]
        run(server, workload, under, questions, connections)
        return system_calls_of(output.read())


def per_request(measure, server, workload, connections=1):
    """By the difference of two runs; measure: what gives a number or a Counter of a run."""
    request = request_of(workload, server)
    few, many = (
        measure(server, workload, [(request, count)], connections) for count in (FEW, MANY)
    )
    if isinstance(few, Counter):
        return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}
    return (many - few) / (MANY - FEW)
