"""A chart of some workloads as an SVG, for pages in light and in dark: it brings both colours
and its own ground, and follows the reader's preference."""

import io
import re
from typing import NamedTuple

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402
from table import rows_of  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

SHOWN = ("hello", "headers", "post", "flask", "django")
COLUMNS = 2
OURS = "ucorn"
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"

#: In light and in dark.  Nothing else in the drawing has one of these colours.
GROUND = ("#fefefe", "#0d1117")
INK = ("#1f2329", "#e6edf3")
FAINT = ("#59636f", "#9198a1")
GRID = ("#d9dee4", "#2a313a")
BAR = ("#8c96a1", "#6b7682")
BEST = ("#0b7a53", "#2fbf87")

BAR_INCHES = 0.2
PANEL_INCHES = 0.62  # a panel's title and axis
TITLE_INCHES = 0.32  # the former
HEADING_INCHES = 0.45
CAPTION_LINE_INCHES = 0.15
MARGIN_INCHES = 0.14
WIDTH_INCHES = 9.0

TITLES = {
    "cpu": "CPU time per request, µs: shorter is better",
    "rate": "Requests per second: longer is better",
}


class Bar(NamedTuple):
    label: str
    value: float
    is_ours: bool


class Notes:
    """What is to be said about some bars, each once, below the chart."""

    def __init__(self):
        self._numbers = {}
        self.is_disturbed = False

    def marks(self, remarks):
        """What a label gets for these remarks."""
        numbers = []
        for remark in remarks:
            if remark.startswith("disturbed"):
                self.is_disturbed = True
            else:
                numbers.append(self._numbers.setdefault(remark, len(self._numbers) + 1))
        return "".join(f" {SUPERSCRIPTS[number]}" for number in sorted(numbers))

    def text(self):
        return "   ".join(f"{SUPERSCRIPTS[n]} {remark}" for remark, n in self._numbers.items())


def label_of(server, versions):
    """With its version: new-gunicorn-gthread is gunicorn 27.0.1 gthread."""
    known = [name for name in versions if server == name or server.startswith(f"{name}-")]
    if not known:
        return server
    name = max(known, key=len)
    version = re.match(r"[\d.]*", versions[name])[0]
    words = (name.removeprefix("new-"), version, server[len(name) + 1 :])
    return " ".join(filter(None, words))


def bars_of(runs, what, versions, notes):
    """The best first; what has no Python in it is no server to compare with."""
    bars = []
    for row in rows_of(runs):
        if row.failed or not row.cpu_us or row.server in ("limit", "echo"):
            continue
        value = row.cpu_us if what == "cpu" else row.per_second
        label = label_of(row.server, versions) + notes.marks(row.remarks)
        bars.append(Bar(label, value, row.server.startswith(OURS)))
    return sorted(bars, key=lambda bar: bar.value, reverse=what == "rate")


def value_text(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def draw_panel(axes, title, bars):
    places = range(len(bars))
    axes.barh(
        places, [bar.value for bar in bars], height=0.72, zorder=2,
        color=[BEST[0] if bar.is_ours else BAR[0] for bar in bars],
    )  # fmt: skip
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold", color=INK[0])
    axes.set_xlim(0, max(bar.value for bar in bars) * 1.18)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_yticks(places, [bar.label for bar in bars], fontsize=8, color=INK[0])
    axes.tick_params(axis="x", labelsize=7, labelcolor=FAINT[0], length=0)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="x", color=GRID[0], linewidth=0.7, zorder=0)
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    for place, bar in zip(places, bars):
        axes.annotate(
            value_text(bar.value), (bar.value, place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=INK[0], fontweight="bold" if bar.is_ours else None,
        )  # fmt: skip


def caption(facts, notes):
    where = "wrk on another CPU, but with --one-cpu on the same"
    disturbed = " Other programs ran beside some of it." if notes.is_disturbed else ""
    lines = [
        notes.text(),
        f"{facts['date']} · {facts['machine']} · Python {facts['python']}",
        f"One worker on one CPU, {where}; medians.{disturbed}"
        " Each panel has an axis of its own, from zero.",
        f"{facts['command']}  ({facts['commit']})",
    ]
    return "\n".join(filter(None, lines))


def figure_of(panels, what, text):
    """panels: [(title, bars)]."""
    rows = [panels[at : at + COLUMNS] for at in range(0, len(panels), COLUMNS)]
    heights = [PANEL_INCHES + BAR_INCHES * max(len(bars) for _, bars in row) for row in rows]
    caption_inches = 2 * MARGIN_INCHES + CAPTION_LINE_INCHES * len(text.splitlines())
    total = sum(heights) + caption_inches + HEADING_INCHES
    figure = pyplot.figure(figsize=(WIDTH_INCHES, total), facecolor=GROUND[0])
    figure.text(0.02, 1 - 0.28 / total, TITLES[what], fontsize=13, fontweight="bold", color=INK[0])
    figure.text(
        0.02, MARGIN_INCHES / total, text, fontsize=7, color=FAINT[0], va="bottom", linespacing=1.5
    )
    top = total - HEADING_INCHES
    for row, height in zip(rows, heights):
        for column, (title, bars) in enumerate(row):
            inches = BAR_INCHES * len(bars)
            bottom = top - TITLE_INCHES - inches
            box = (0.175 + 0.495 * column, bottom / total, 0.31, inches / total)
            draw_panel(figure.add_axes(box), title, bars)
        top -= height
    return figure


def in_both_colours(svg):
    """Adds the rules that exchange the colours where the reader prefers dark."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark} !important}}'
        for light, dark in (GROUND, INK, FAINT, GRID, BAR, BEST)
        for kind in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    return re.sub(r"(<svg [^>]*>)", rf"\1\n {style}", svg, count=1)


def draw(document, path, what="cpu", workloads=None):
    """Writes the chart of those workloads of the document that bench.py keeps."""
    kept = document["workloads"]
    facts = document["about"]
    notes = Notes()
    panels = []
    for name in workloads or SHOWN:
        bars = bars_of(kept[name], what, facts["versions"], notes) if name in kept else []
        if bars:
            panels.append((f"{name}: {WORKLOADS[name].what}", bars))
    if not panels:
        raise SystemExit(f"no chart: none of {', '.join(workloads or SHOWN)} was measured")
    # The same runs give the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "ucorn", "font.family": "DejaVu Sans"}):
        figure = figure_of(panels, what, caption(facts, notes))
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Title": TITLES[what]})
        pyplot.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(in_both_colours(drawn.getvalue()))
    print(f"{path}: {len(panels)} workloads")
