"""A chart of some workloads as an SVG, for pages in light and in dark: it brings both colours
and its own ground, and follows the reader's preference."""

import io
import re

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402
from table import rows_of  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

SHOWN = ("hello", "headers", "post", "flask", "django")
COLUMNS = 2
OURS = "ucorn"

#: In light and in dark.  Nothing else in the drawing has one of these colours.
GROUND = ("#fefefe", "#0d1117")
INK = ("#1f2329", "#e6edf3")
FAINT = ("#59636f", "#9198a1")
GRID = ("#d9dee4", "#2a313a")
BAR = ("#8c96a1", "#6b7682")
BEST = ("#0b7a53", "#2fbf87")

BAR_INCHES = 0.2
PANEL_INCHES = 0.62  # a panel's title and axis
CAPTION_INCHES = 0.85
WIDTH_INCHES = 9.0

TITLES = {
    "cpu": "CPU time per request, µs: shorter is better",
    "rate": "Requests per second: longer is better",
}


def value_of(row, what):
    return row.cpu_us if what == "cpu" else row.per_second


def bars_of(runs, what):
    """[(server, value)], best first; what has no Python in it is no server to compare with."""
    rows = [row for row in rows_of(runs) if not row.failed and row.cpu_us]
    bars = [(row.server, value_of(row, what)) for row in rows if row.server not in ("limit", "echo")]
    return sorted(bars, key=lambda bar: bar[1], reverse=what == "rate")


def value_text(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def draw_panel(axes, title, bars):
    values = [value for _, value in bars]
    colours = [BEST[0] if server.startswith(OURS) else BAR[0] for server, _ in bars]
    places = range(len(bars))
    axes.barh(places, values, color=colours, height=0.72, zorder=2)
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold", color=INK[0])
    axes.set_xlim(0, max(values) * 1.14)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_yticks(places, [server for server, _ in bars], fontsize=8, color=INK[0])
    axes.tick_params(axis="x", labelsize=7, labelcolor=FAINT[0], length=0)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="x", color=GRID[0], linewidth=0.7, zorder=0)
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    for place, (server, value) in zip(places, bars):
        axes.annotate(
            value_text(value), (value, place), xytext=(3, 0), textcoords="offset points",
            va="center", fontsize=7.5, color=INK[0],
            fontweight="bold" if server.startswith(OURS) else "normal",
        )  # fmt: skip


def caption(facts):
    where = "wrk on the same CPU" if facts["one_cpu"] else "wrk on another CPU"
    return (
        f"{facts['date']} · {facts['machine']} · Python {facts['python']}\n"
        f"One worker on one CPU, {where}; medians; each panel has an axis of its own, from zero.\n"
        f"{facts['command']}  ({facts['commit']})"
    )


def figure_of(panels, what, facts):
    """panels: [(title, bars)]."""
    rows = [panels[at : at + COLUMNS] for at in range(0, len(panels), COLUMNS)]
    heights = [PANEL_INCHES + BAR_INCHES * max(len(bars) for _, bars in row) for row in rows]
    total = sum(heights) + CAPTION_INCHES + 0.45
    figure = pyplot.figure(figsize=(WIDTH_INCHES, total), facecolor=GROUND[0])
    figure.text(0.02, 1 - 0.28 / total, TITLES[what], fontsize=13, fontweight="bold", color=INK[0])
    figure.text(
        0.02, 0.14 / total, caption(facts), fontsize=7, color=FAINT[0], va="bottom", linespacing=1.5
    )
    top = total - 0.45
    for row, height in zip(rows, heights):
        for column, (title, bars) in enumerate(row):
            bottom = top - 0.32 - BAR_INCHES * len(bars)
            box = (0.155 + 0.5 * column, bottom / total, 0.325, BAR_INCHES * len(bars) / total)
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
    names = [name for name in workloads or SHOWN if name in kept]
    panels = [(f"{name}: {WORKLOADS[name].what}", bars_of(kept[name], what)) for name in names]
    panels = [panel for panel in panels if panel[1]]
    if not panels:
        raise SystemExit(f"no chart: none of {', '.join(workloads or SHOWN)} was measured")
    # The same runs give the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "ucorn", "font.family": "DejaVu Sans"}):
        figure = figure_of(panels, what, document["about"])
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Title": TITLES[what]})
        pyplot.close(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(in_both_colours(drawn.getvalue()))
    print(f"{path}: {', '.join(name for name in names)}")
