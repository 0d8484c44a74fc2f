"""From runs to rows: what counts, and what is remarked."""

import table


def run(cpu_us, others_share=0.0, **more):
    return {
        "requests": 1000, "per_second": 1000.0, "cpu_us": cpu_us, "p50_us": 500, "p99_us": 900,
        "errors": {}, "server_share": 0.9, "client_share": 0.3, "others_share": others_share, "remarks": [],
        **more,
    }  # fmt: skip


def row(runs, base=()):
    return table.row_of("a server", runs, base, waits=False)


def test_ratio_is_of_the_same_round():
    assert row([run(20.0), run(60.0), run(30.0)], [run(10.0), run(20.0), run(10.0)]).ratio == 3


def test_disturbed_runs_are_left_out():
    found = row([run(10.0), run(90.0, others_share=0.5), run(12.0)])
    assert (found.cpu_us, found.cpu_us_least) == (11, 10)
    assert found.remarks == ("disturbed: 1 of 3 runs",)


def test_disturbed_runs_count_if_there_is_no_other():
    found = row([run(10.0, others_share=0.5)])
    assert found.cpu_us == 10
    assert found.remarks == ("disturbed: 1 of 1 runs",)


def test_who_is_idle_and_late_stalls():
    late = {"p50_us": 44000, "server_share": 0.1}
    assert row([run(10.0, **late)]).remarks == ("stalls",)
    assert table.row_of("a server", [run(10.0, **late)], (), waits=True).remarks == ()
    assert row([run(10.0, p50_us=44000)]).remarks == ()
    assert "stalls" not in row([run(10.0, others_share=1.5, **late)]).remarks


def test_errors_are_added_up():
    assert row([run(10.0, errors={"read": 2}), run(10.0, errors={"timeout": 1})]).errors == 3


def test_failures_are_told_and_last():
    runs = {"bad": [{"failed": "status 500"}], "good": [run(20.0)], "base": [run(10.0)]}
    rows = table.rows_of(runs, "base")
    assert [row.server for row in rows] == ["base", "good", "bad"]
    assert "| failed: status 500 |" in table.markdown("title", runs, "base")


def test_base_is_the_first_where_the_wanted_has_no_part():
    assert "× ucorn" in table.markdown("title", {"ucorn": [run(10.0)]}, "limit")


def test_nothing_answered_costs_nothing():
    found = row([run(None, p50_us=0, requests=0)], [run(10.0)])
    assert (found.cpu_us, found.ratio, found.remarks) == (None, None, ("answers nothing",))
