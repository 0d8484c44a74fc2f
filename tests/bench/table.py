"""From runs to rows, and from rows to a table in Markdown."""

import statistics
from dataclasses import dataclass

from measuring import is_quiet

#: A server that is idle for the rest of its time, and takes as long as this for half of the
#: requests, waits for delayed acknowledgements (40 ms).
STALL_US = 35000
IDLE = 0.6

COLUMNS = (
    "server", "requests/s", "CPU µs/request", "min", "× {base}", "p50 ms", "p99 ms", "CPU",
    "wrk's CPU", "errors", "remarks",
)  # fmt: skip


@dataclass
class Row:
    """A server's medians in a workload."""

    server: str
    per_second: float = 0
    cpu_us: float = None
    cpu_us_least: float = None
    ratio: float = None
    p50_us: float = 0
    p99_us: float = 0
    server_share: float = 0
    client_share: float = 0
    errors: int = 0
    remarks: tuple = ()
    failed: str = ""


def base_of(runs, wanted):
    """The server that others are told in multiples of: the wanted one, or else the first."""
    return wanted if wanted in runs else next(iter(runs), None)


def ratio_to(base, runs):
    """The median over rounds of CPU per request, in multiples of the base's in that round."""
    ratios = [
        run["cpu_us"] / other["cpu_us"]
        for run, other in zip(runs, base)
        if run.get("cpu_us") and other.get("cpu_us")
    ]
    return statistics.median(ratios) if ratios else None


def is_stalling(runs):
    """Neither the server nor wrk has work to do, and answers take long all the same."""
    shares = [max(run["server_share"], run["client_share"]) for run in runs]
    return statistics.median(shares) < IDLE and (
        statistics.median(run["p50_us"] for run in runs) > STALL_US
    )


def remarks_of(runs, quiet, waits):
    """On a machine that does other things nobody can tell who waits for what."""
    remarks = list(runs[0]["remarks"])
    if not any(run["requests"] for run in runs):
        remarks.append("answers nothing")
    elif quiet and not waits and is_stalling(quiet):
        remarks.append("stalls")
    if len(quiet) < len(runs):
        remarks.append(f"disturbed: {len(runs) - len(quiet)} of {len(runs)} runs")
    return tuple(remarks)


def row_of(server, runs, base, waits):
    """Disturbed runs count only if there is no other."""
    done = [run for run in runs if "failed" not in run]
    if not done:
        return Row(server, failed=runs[0]["failed"])
    quiet = [run for run in done if is_quiet(run)]
    counted = quiet or done

    def median(key):
        return statistics.median(run[key] for run in counted)

    costs = [run["cpu_us"] for run in counted if run["cpu_us"]]
    failed = (f"{len(runs) - len(done)} runs failed",) if len(done) < len(runs) else ()
    return Row(
        server=server,
        per_second=median("per_second"),
        cpu_us=statistics.median(costs) if costs else None,
        cpu_us_least=min(costs) if costs else None,
        ratio=ratio_to(base, runs),
        p50_us=median("p50_us"),
        p99_us=median("p99_us"),
        server_share=median("server_share"),
        client_share=median("client_share"),
        errors=sum(sum(run["errors"].values()) for run in counted),
        remarks=remarks_of(done, quiet, waits) + failed,
    )


def rows_of(runs, base=None, waits=False):
    """Of one workload, the cheapest first, failures last."""
    base_runs = runs[base_of(runs, base)]
    rows = [row_of(server, its, base_runs, waits) for server, its in runs.items()]
    return sorted(rows, key=lambda row: (row.cpu_us is None, row.cpu_us))


def milliseconds(us):
    return f"{us / 1000:.2f}" if us < 10000 else f"{us / 1000:.0f}"


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def cells(row):
    if row.failed:
        words = " ".join(row.failed.split()).replace("|", "/")
        return [row.server, *[""] * 9, f"failed: {words[-200:]}"]
    return [
        row.server, number(row.per_second, 0), number(row.cpu_us, 1), number(row.cpu_us_least, 1),
        number(row.ratio, 2), milliseconds(row.p50_us), milliseconds(row.p99_us),
        f"{row.server_share:.0%}", f"{row.client_share:.0%}", number(row.errors, 0),
        ", ".join(row.remarks),
    ]  # fmt: skip


def line(words, widths):
    """Padded, so that it can be read as text, too."""
    first, *figures, last = words
    padded = [first.ljust(widths[0])]
    padded += [word.rjust(width) for word, width in zip(figures, widths[1:])]
    return f"| {' | '.join([*padded, last])} |"


def markdown(title, runs, base=None, waits=False):
    lines = [[column.format(base=base_of(runs, base)) for column in COLUMNS]]
    lines += [cells(row) for row in rows_of(runs, base, waits)]
    widths = [max(len(words[at]) for words in lines) for at in range(len(COLUMNS))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:-1]), "---"]
    text = [line(words, widths) for words in (lines[0], rule, *lines[1:])]
    return f"### {title}\n\n" + "\n".join(text) + "\n"
