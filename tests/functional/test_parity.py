"""The same inputs to Debian's gunicorn 20.1 and to ucorn: what comes out is the same, but for
what parity/differences.py lists."""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from parity.differences import DIFFERENCES, OF_20_1_ONLY, OF_LATER_GUNICORNS
from parity.lines import FORMATS, REQUESTS, UNSTABLE
from parity.wrong import WRONG
from support.gunicorn import Gunicorn, needs_gunicorn
from support.server import APPS, Server, run_to_end
from support.waiting import until

pytestmark = [pytest.mark.ucorn_only, pytest.mark.compares, needs_gunicorn]

CONFIGS = Path(__file__).with_name("parity") / "configs"
APP = "wsgiapp:app"


def judge(area, ours, theirs):
    """ours and theirs are {case: {item: value}}; only listed differences may be in them."""
    found = {
        (case, item): (ours[case].get(item), theirs[case].get(item))
        for case in ours
        for item in sorted(ours[case].keys() | theirs[case].keys())
        if ours[case].get(item) != theirs[case].get(item)
    }
    listed = [difference for difference in DIFFERENCES if difference.area == area]
    text = "".join(
        f"\n{case}: {item}\n  ucorn:    {values[0]!r}\n  gunicorn: {values[1]!r}"
        for (case, item), values in found.items()
        if not any(difference.covers(case, item) for difference in listed)
    )
    assert not text, f"differences that are not listed:{text}"
    for difference in listed:
        used = any(difference.covers(*key) for key in found)
        assert used, f"there is no such difference any more: {difference}"


def of_both(jobs, run):
    """[{job: run(server, job)} of ucorn, of gunicorn], several at a time."""
    pairs = list(itertools.product((Server, Gunicorn), jobs))
    with ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        results = dict(zip(pairs, pool.map(lambda pair: run(*pair), pairs)))
    return [{job: results[kind, job] for job in jobs} for kind in (Server, Gunicorn)]


# Effective settings.


def directives(path):
    """(words, variables) that a configuration file wants: see the comments they begin with."""
    text = path.read_text()
    args = re.search(r"^# args: (.*)", text, re.M)
    env = re.search(r"^# env: (.*)", text, re.M)
    pairs = (word.split("=", 1) for word in shlex.split(env[1] if env else ""))
    return shlex.split(args[1] if args else ""), dict(pairs)


def effective(kind, path):
    args, env = directives(path)
    ended = kind.run_to_end(
        "--print-config", "-c", path.name, *args, APP,
        cwd=path.parent, env={"PYTHONPATH": str(APPS), **env},
    )  # fmt: skip
    text = re.sub(" at 0x[0-9a-f]+", "", ended.stdout)
    lines = [re.fullmatch(r"(\w+) += (.*)", line) or line for line in text.splitlines()]
    values = {line[1]: line[2] for line in lines if not isinstance(line, str)}
    other = [line for line in lines if isinstance(line, str)]
    return {**values, "(exit)": ended.code, "(output)": other, "(errors)": ended.stderr}


def own_settings():
    table = json.loads(run_to_end("--dump-settings").stdout)["settings"]
    return {row["name"] for row in table if not row["of_gunicorn"]}


def test_effective_settings(tmp_path):
    folder = shutil.copytree(CONFIGS, tmp_path / "configs")
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert len(names) >= 60
    ours, theirs = of_both(names, lambda kind, name: effective(kind, folder / name))
    plain_ours, plain_theirs = ours["plain.py"].keys(), theirs["plain.py"].keys()
    assert plain_ours - plain_theirs == OF_LATER_GUNICORNS | own_settings()
    assert plain_theirs - plain_ours == OF_20_1_ONLY
    common = plain_ours & plain_theirs
    for name in names:
        # One that has failed has no settings to compare.
        same_end = ours[name]["(exit)"] == theirs[name]["(exit)"]
        compared = common if same_end else {"(exit)"}
        for values in ours, theirs:
            values[name] = {item: values[name].get(item) for item in compared}
    judge("settings", ours, theirs)


def test_the_nursery_changes_nothing():
    """What it runs says what gunicorn says that is started by itself."""

    class Alone(Gunicorn):
        run_to_end = staticmethod(partial(run_to_end, binary=Gunicorn.binary))

    found = effective(Gunicorn, CONFIGS / "plain.py")
    assert found["(exit)"] == 0 and "workers" in found
    assert found == effective(Alone, CONFIGS / "plain.py")


# Exit codes and errors.


def complaints(text, folder):
    """The lines of stderr that complain, without what differs from run to run, or in the names
    of the two programs."""
    text = text.replace(f"{folder}/", "").replace(str(folder), "DIR")
    text = re.sub(r"^\w+: error:", "PROGRAM: error:", text, flags=re.M)
    text = re.sub(r"^\[[-\d]+ [:\d]+ [+-]\d{4}\] \[\d+\] ", "", text, flags=re.M)
    text = re.sub(r"pid: ?\d+", "pid: N", text)
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    skipped = re.compile(r"usage: |Traceback |  |\[(INFO|DEBUG)\]|$|\[?$")
    return [line for line in text.splitlines() if not skipped.match(line)]


def outcome(kind, case, folder):
    folder.mkdir(parents=True)
    args = shlex.split(case.args)
    if case.conf:
        (folder / "conf.py").write_text(case.conf + "\n")
        args += ["-c", "conf.py"]
    if not {"-b", "--bind"} & {*args}:
        args += ["-b", "unix:socket"]
    env = {"PYTHONPATH": str(APPS), "GUNICORN_CMD_ARGS": case.env}
    words = [*args, case.app] if case.app else args
    ended = kind.run_to_end(*words, cwd=folder, env=env)
    lines = complaints(ended.stderr, folder)
    return {"exit": ended.code, "first": lines[0] if lines else "", "output": ended.stdout}


def test_exit_codes_and_errors(tmp_path):
    assert len(WRONG) >= 30
    cases = {case.name: (case, f"case{number}") for number, case in enumerate(WRONG)}

    def run(kind, name):
        case, folder = cases[name]
        return outcome(kind, case, tmp_path / kind.__name__ / folder)

    judge("errors", *of_both(cases, run))


# Access lines.


def marked(data, name):
    """The request with a field that says which it is."""
    line, _, rest = data.partition(b"\r\n")
    return b"%s\r\nX-Case: %s\r\n%s" % (line, name.encode(), rest)


def exchange(server, data):
    """One connection: everything is read, whatever it is."""
    with server.connect() as client:
        client.send(data)
        while client.socket.recv(65536):
            pass


def access_lines(kind, work, line_format):
    """{request: its lines in the access log}."""
    work.mkdir()
    log = work / "access.log"
    line_format = "%({x-case}i)s\t" + line_format
    args = ["-k", "sync", "--access-logfile", log, "--access-logformat", line_format]
    server = kind.start(work, "parityapp:app", *args, probe=None)
    try:
        server.wait_log("Booting worker")
        for name, data in (*REQUESTS.items(), ("last", REQUESTS["plain"])):
            exchange(server, marked(data, name))
        until(lambda: b"last\t" in log.read_bytes(), "the last request is logged")
    finally:
        server.finish()
    lines = {}
    for line in log.read_text(errors="backslashreplace").splitlines():
        name, _, rest = line.partition("\t")
        for pattern, replacement in UNSTABLE:
            rest = re.sub(pattern, replacement, rest)
        lines.setdefault(name, []).append(rest)
    return lines


def test_access_lines(tmp_path):
    assert len(REQUESTS) >= 40

    def run(kind, name):
        return access_lines(kind, tmp_path / f"{kind.__name__}-{name}", FORMATS[name])

    def by_request(of_formats):
        return {
            request: {name: lines.get(request) for name, lines in of_formats.items()}
            for request in REQUESTS
        }

    judge("access", *map(by_request, of_both(FORMATS, run)))


# Hooks.


class Life:
    """A server with all hooks, and what they note from one moment to the next."""

    def __init__(self, kind, work):
        work.mkdir()
        self.file = work / "calls"
        self.file.touch()
        self.moments = {}
        self._seen = 0
        self.server = kind.start(
            work, APP, "-c", APPS / "hooksconf.py", "-w", "2", "-k", "sync",
            env={"HOOKS_FILE": str(self.file)}, probe=None,
        )  # fmt: skip

    def calls(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def wait(self, hook, count):
        def noted():
            return sum(call["hook"] == hook for call in self.calls()) >= count

        until(noted, f"{count} calls of {hook}")

    def end_moment(self, name):
        """What has been noted since the last moment is what belongs to this one."""
        calls = self.calls()
        names = self._names(calls)
        self.moments[name] = self._facts(calls[self._seen :], names)
        self._seen = len(calls)

    def pid_of(self, age):
        return next(call["worker"] for call in self.calls() if call.get("age") == age
                    and call["hook"] == "post_fork")

    def _names(self, calls):
        """What to say instead of a process id."""
        workers = {c["worker"]: f"worker {c['age']}" for c in calls if c["hook"] == "post_fork"}
        return {self.server.pid: "master", **workers}

    def _facts(self, calls, names):
        """The order of hooks in the master and in each worker, and what each hook saw."""
        facts = {}
        for call in calls:
            process = names[call["pid"]]
            facts.setdefault(f"order in {process}", []).append(call["hook"])
            seen = {key: self._named(value, names) for key, value in call.items() if key != "hook"}
            if call["hook"] == "child_exit":
                del seen["known"]  # several may be going at once
            facts.setdefault(call["hook"], []).append(json.dumps(seen, sort_keys=True))
        return {item: value if "order" in item else sorted(value) for item, value in facts.items()}

    def _named(self, value, names):
        if isinstance(value, list):
            return [self._named(item, names) for item in value]
        if isinstance(value, str):
            value = value.replace(self.server.url(""), "URL")
            return re.sub(r"\d+", lambda number: str(names.get(int(number[0]), number[0])), value)
        return names.get(value, value)


def life(kind, work):
    """{moment: what hooks noted}."""
    run = Life(kind, work)
    try:
        run.wait("post_worker_init", 2)
        run.end_moment("boot")
        run.server.get("/x?y=1")
        run.wait("post_request", 1)
        run.end_moment("request")
        run.server.signal(signal.SIGHUP)
        run.wait("post_worker_init", 4)
        run.wait("child_exit", 2)
        run.end_moment("reload")
        os.kill(run.pid_of(3), signal.SIGKILL)
        run.wait("post_worker_init", 5)
        run.end_moment("kill")
        run.server.signal(signal.SIGTERM)
        run.server.wait_exit()
        run.end_moment("stop")
    finally:
        run.server.finish()
    # Either worker may have got the request.
    request = json.dumps(run.moments["request"])
    request = re.sub(r'worker 2', "worker 1", re.sub(r'age(\W+)2', r"age\g<1>1", request))
    run.moments["request"] = json.loads(request)
    return run.moments


def test_hooks(tmp_path):
    ours, theirs = life(Server, tmp_path / "ucorn"), life(Gunicorn, tmp_path / "gunicorn")
    judge("hooks", ours, theirs)
