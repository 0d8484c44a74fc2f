"""The pages that scripts/docs writes say what the settings table says, about all settings.

UCORN_BINARY is the built server; ctest sets it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BINARY = os.environ["UCORN_BINARY"]

#: All settings of gunicorn 26.1 and its next release.
GUNICORNS = set((HERE / "gunicorn-settings.txt").read_text().split())


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def rows():
    return json.loads(output_of(BINARY, "--dump-settings"))["settings"]


@pytest.fixture(scope="module")
def compared():
    """{setting: (verdict, text)}, as docs/gunicorn.md has them."""
    part = (ROOT / "docs/gunicorn.md").read_text().split("<!-- settings: ")[1].split("<!-- end")[0]
    lines = re.findall(r"^\| `(\w+)` \| ([a-z ]+) \| (.*)\|$", part, re.M)
    return {name: (verdict, text) for name, verdict, text in lines}


def test_pages_are_those_of_the_table():
    script = [sys.executable, ROOT / "scripts/docs", BINARY, "--check"]
    ended = subprocess.run(script, stdout=subprocess.PIPE, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


def test_gunicorns_settings_are_rows(rows):
    assert len(GUNICORNS) == 119
    assert {row["name"] for row in rows if row["of_gunicorn"]} == GUNICORNS


def test_gunicorns_settings_are_accounted_for(compared):
    assert compared.keys() == GUNICORNS


def test_what_does_not_work_says_why(rows, compared):
    for row in rows:
        assert (row["status"] == "works") == (row["note"] is None), row["name"]
        if not row["of_gunicorn"]:
            continue
        verdict, text = compared[row["name"]]
        assert verdict == "same" or text, row["name"]


def test_help_names_every_flag(rows):
    text = output_of(BINARY, "--help")
    for row in rows:
        for flag in row["flags"]:
            assert re.search(rf"^  .*{flag}\b", text, re.M), flag


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_manual_is_good_mdoc(rows):
    command = ["groff", "-mandoc", "-Tutf8", "-ww", ROOT / "docs/ucorn.8"]
    ended = subprocess.run(command, capture_output=True, check=True)
    assert not ended.stderr
    shown = re.sub(rb"\x1b\[[0-9;]*m|.\x08", b"", ended.stdout).decode()
    shown = re.sub("\u2010\n *", "", shown)
    for row in rows:
        name = row["flags"][0] if row["flags"] else row["name"]
        assert re.search(rf"^ +{name}\b", shown, re.M), name
