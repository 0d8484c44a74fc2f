"""The files of examples/deploy, as customers copy them."""

from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[3] / "examples/deploy"


def replaced(text, changes):
    """text with each of the strings replaced, which has to be there just once."""
    for old, new in changes.items():
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def example(name, changes):
    return replaced((DEPLOY / name).read_text(), changes)
