"""Rounds of runs: each server in turn, and that again, so that what the machine does meanwhile
hits all of them alike."""

import resource
import sys
import time
from dataclasses import dataclass

import machine
from load import Dribblers, run_wrk
from running import Failed, Running, Truncated, Unanswered
from servers import SERVERS
from workloads import HELLO

WARM_UP = 50  # requests


@dataclass
class Plan:
    rounds: int = 3
    seconds: int = 3
    one_cpu: bool = False
    again: int = 1  # how often a disturbed run is repeated
    patience: float = 6  # seconds that are waited for an idle machine before a run


def takes_part(name, workload):
    server = SERVERS[name]
    return (
        (server.concurrent or not workload.waits)
        and (server.python or workload.without_python)
        and (server.workers or workload.workers == 1)
    )


def check_answer(running, workload):
    """What is to be remarked about the server's answer; raises Failed if it is wrong."""
    right = workload.answer if running.server.python else HELLO
    with running.connect() as client:
        answer = running.ask(client)
        if (answer.status, answer.body) != (200, right):
            raise Failed(f"status {answer.status}, {len(answer.body)} bytes: {answer.body[:80]!r}")
        remarks = [] if answer.all("Date") else ["no Date"]
        if not workload.closes and not is_kept(running, client):
            said = "close" in (answer.get("Connection") or "").lower()
            remarks.append("closes connections" if said else "closes connections, unannounced")
    return remarks


def is_kept(running, client):
    try:
        return running.ask(client).status == 200
    except (Unanswered, Truncated, ConnectionResetError, BrokenPipeError):
        return False


def warm_up(running):
    for _ in range(WARM_UP):
        with running.connect() as client:
            running.ask(client)


def seconds_of_children():
    """CPU of those that have ended: wrk is one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def load(running, workload, seconds, cpu):
    """One run of wrk, and the CPU seconds that all have spent meanwhile."""
    before = machine.spent(), running.cpu_seconds(), seconds_of_children(), time.process_time()
    start = time.monotonic()
    result = run_wrk(
        workload, running.port, running.server.target or workload.target, seconds, cpu
    )
    server = running.cpu_seconds() - before[1]
    took = time.monotonic() - start
    after = machine.spent()
    client = seconds_of_children() - before[2] + time.process_time() - before[3]
    others = max(after.busy - before[0].busy - server - client, 0)
    requests = result["requests"]
    return {
        "requests": requests,
        "per_second": requests / (result["us"] / 1e6),
        "cpu_us": server * 1e6 / requests if requests else None,
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
        "errors": result.errors,
        "server_share": server / took,
        "client_share": client / took,
        "others_share": (others + after.stolen - before[0].stolen) / took,
    }


def run(name, workload, plan):
    """Starts the server, checks it, loads it, ends it."""
    server_cpu, client_cpu = machine.cpus(plan.one_cpu)
    bound = workload.workers == 1
    under = ["taskset", "-c", str(server_cpu)] if bound else []
    with Running(SERVERS[name], workload, under) as running:
        remarks = check_answer(running, workload)
        warm_up(running)
        if not workload.slow:
            measured = load(running, workload, plan.seconds, client_cpu if bound else None)
        else:
            with Dribblers(running.port, workload.slow):
                time.sleep(1)  # they are to be in the server's hands first
                measured = load(running, workload, plan.seconds, client_cpu)
    return {**measured, "remarks": remarks}


def is_quiet(measured):
    return measured["others_share"] < machine.QUIET


def quiet_run(name, workload, plan):
    """A run; another one while others disturb it."""
    for _ in range(plan.again + 1):
        machine.wait_idle(plan.patience)
        measured = run(name, workload, plan)
        if is_quiet(measured):
            break
    return measured


def attempt(name, workload, plan):
    """A run, or why there is none."""
    try:
        return quiet_run(name, workload, plan)
    except (Failed, AssertionError, RuntimeError, OSError, ValueError) as e:
        return {"failed": f"{e}" or type(e).__name__}


def rounds(names, workload, plan):
    """{server: its runs}; a run of each round, also if it failed.

    A server that failed in the first round does not start in the others."""
    runs = {name: [] for name in names if takes_part(name, workload)}
    for number in range(plan.rounds):
        for name, done in runs.items():
            if done and "failed" in done[0]:
                done.append(done[0])
                continue
            done.append(attempt(name, workload, plan))
            print(f"  round {number + 1}: {name}", file=sys.stderr, flush=True)
    return runs
