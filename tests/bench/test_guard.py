"""The guard of the budget: what it lets pass, and what it does not."""

import guard

BUDGET = """
# a comment
wsgi  small    2.000   # why
echo  browser  1.000
"""
ALLOWED = {("wsgi", "small"): 2.0, ("echo", "browser"): 1.0}


def found(small, browser):
    return {("wsgi", "small"): small, ("echo", "browser"): browser}


def test_budget_is_read():
    assert guard.budget(BUDGET) == ALLOWED


def test_three_percent_either_way_are_nothing():
    assert guard.compare(found(2.05, 0.98), ALLOWED) == ([], [])


def test_more_is_too_dear(capsys):
    assert not guard.tell(found(2.07, 0.5), ALLOWED)
    told = capsys.readouterr().out
    assert "+3.5% TOO DEAR" in told
    assert "instructions.py --functions 40 --workload hello ucorn" in told


def test_less_is_told_and_passes(capsys):
    assert guard.tell(found(2.0, 0.9), ALLOWED)
    assert "lower it in tests/bench/budget.txt: echo browser 0.900" in capsys.readouterr().out


def test_committed_budget_has_all_rows():
    rows = guard.budget(guard.BUDGET.read_text()).keys()
    assert rows == {(p, r) for p in guard.PROGRAMS for r in guard.REQUESTS}
