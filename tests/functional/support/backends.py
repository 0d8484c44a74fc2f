"""What each worker class can do: the table of docs/backends.md."""

from pathlib import Path

TABLE = Path(__file__).resolve().parents[3] / "docs/backends.md"


def read_features():
    """{feature: names of the worker classes that have it}"""
    features = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] == "feature":
            names = cells[2:]
        elif len(cells) > 2 and set(cells[2:]) <= {"yes", "no"}:
            said = zip(names, cells[2:], strict=True)
            features[cells[0].strip("`")] = {name for name, has in said if has == "yes"}
    return features


FEATURES = read_features()


def has(backend, feature):
    return backend in FEATURES[feature]
