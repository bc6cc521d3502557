"""The verbs that compute, on the sample town: what they print, what they write, and that a run can be repeated."""

import json
import shutil
from pathlib import Path

import pytest
import xarray as xr

from cemfa import library, locale, open_results
from cemfa.cli.entry import run

TABLES = {"tables.xlsx", "losses.csv", "money.csv", "operation_months.csv"}
MADE = {"report.html", "report.docx", "results.nc", "run.json", *TABLES}

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a user's own copy of the sample town and its scenario, which names the model by path."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(library.models()["first_steps"], folder / "first_steps")
    scenario = library.scenarios()["first_steps_2030"].read_text(encoding="utf-8")
    (folder / "first_steps_2030.yaml").write_text(scenario, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def compared(own: Path) -> Path:
    """Return the folder of one small comparison."""
    words = ["--replications", "2", "--seed", "5", "--workers", "1", "--option", "south_yard"]
    assert run(["compare", str(own / "first_steps_2030.yaml"), *words, "--out", str(own / "made")]) == 0
    return own / "made"


@pytest.mark.parametrize(("lang", "word"), [("en", "nothing wrong"), ("vi", "không có lỗi")])
def test_check_of_what_is_right(lang: str, word: str, capsys: Captured) -> None:
    assert run(["check", "first_steps", "first_steps_2030", "--lang", lang]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert word in err


def test_check_names_all_that_is_wrong(elsewhere: Path, capsys: Captured) -> None:
    model = elsewhere / "town"
    shutil.copytree(library.models()["first_steps"], model)
    text = (model / "model.yaml").read_text(encoding="utf-8")
    (model / "model.yaml").write_text(text + "\nnonsense: 1\n", encoding="utf-8")
    rows = (model / "parameters.csv").read_text(encoding="utf-8").replace("kg/person/d", "kg/persn/d", 1)
    (model / "parameters.csv").write_text(rows, encoding="utf-8")
    assert run(["check", "town"]) == 2
    out, err = capsys.readouterr()
    assert "town/model.yaml:" in out
    assert "[key-unknown]" in out
    assert "errors: " in err
    assert run(["check", "town", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert len(found) == len(out.splitlines())
    assert {"severity", "code", "file", "line", "column", "message"} <= set(found[0])


def test_check_of_nothing_that_exists(capsys: Captured) -> None:
    assert run(["check", "nowhere", "first_steps"]) == 2
    assert "[unknown-model-or-scenario]" in capsys.readouterr().out


def test_solve_writes_and_prints(elsewhere: Path, capsys: Captured) -> None:
    assert run(["solve", "first_steps", "--samples", "3", "--seed", "1", "--out", "r.nc", "--year", "2026"]) == 0
    out, err = capsys.readouterr()
    assert "of 2026" in out
    assert "Organic waste arising" in out
    assert "largest residual" in err
    results = open_results(elsewhere / "r.nc")
    assert (results.attrs["samples"], results.attrs["seed"]) == (3, 1)
    assert {name.split("/")[0] for name in json.loads(results.attrs["inputs"])} == {"model"}
    assert run(["solve", "first_steps", "--out", "r.nc"]) == 4
    assert "[output-exists]" in capsys.readouterr().err


def test_a_sample_alone_is_the_one_of_the_batch(capsys: Captured) -> None:
    from cemfa import Request, compile_system, read_model, solve

    whole = solve(compile_system(read_model("first_steps")), samples=20, seed=3, request=Request(flows="all"))
    assert run(["solve", "first_steps", "--sample", "17", "--seed", "3", "--year", "2026", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    fresh = whole.cemfa.flows().sel(sample=17, period=2026)
    assert {row["flow"]: row["mean"] for row in rows} == dict(zip(fresh["flow"].values, fresh.values, strict=True))


def test_solve_by_commune_says_that_it_was_allocated(capsys: Captured) -> None:
    assert run(["solve", "ben_tre", "--by", "commune", "--year", "2023", "--lang", "vi"]) == 0
    out, err = capsys.readouterr()
    assert "(phân bổ)" in out
    assert "Xã Chợ Lách" in out
    assert "phân bổ từ 9 huyện, thành phố cũ theo dân số năm 2009; không phải số liệu quan sát" in err
    tables = []
    for place in ("commune", "district"):
        assert run(["solve", "ben_tre", "--by", place, "--year", "2023", "--json"]) == 0
        tables.append([r for r in json.loads(capsys.readouterr().out) if r["flow"] == "household_waste"])
    by_commune, by_district = ({row["place"]: row["mean"] for row in table} for table in tables)
    assert (len(by_commune), len(by_district)) == (48, 9)
    assert sum(by_commune.values()) == pytest.approx(sum(by_district.values()), rel=1e-12)
    assert {row["allocated"] for row in tables[0]} == {True}


def test_solve_of_samples_gives_percentiles_of_all_copies_together(capsys: Captured) -> None:
    from cemfa import Request, compile_system, read_model, solve

    assert run(["solve", "first_steps", "--samples", "300", "--seed", "2", "--year", "2026", "--json"]) == 0
    (row,) = [r for r in json.loads(capsys.readouterr().out) if r["flow"] == "organics_arising"]
    whole = solve(compile_system(read_model("first_steps")), samples=300, seed=2, request=Request(flows="all"))
    mass = whole.cemfa.select(flow_name="organics_arising").cemfa.flows().sel(period=2026).sum("flow")
    found = [float(mass.mean()), *mass.quantile([0.05, 0.5, 0.95]).values.tolist()]
    assert [row[key] for key in ("mean", "P5", "P50", "P95")] == pytest.approx(found, rel=1e-12)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["P5", "P95", "Organic waste per head", "The numbers the largest flows of 2026 rest on", "unverified"]),
        (
            "vi",
            [
                "P5",
                "P95",
                "Rác hữu cơ bình quân đầu người",
                "Các con số mà những dòng lớn nhất năm 2026",
                "chưa kiểm chứng",
            ],
        ),
    ],
)
def test_solve_of_samples_says_what_the_largest_flows_rest_on(lang: str, words: list[str], capsys: Captured) -> None:
    line = ["solve", "first_steps", "--samples", "100", "--year", "2026", "--lang", lang]
    assert run(line) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert [word for word in words if word not in out] == []
    assert run([*line, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"parameter", "label", "share", "basis", "source"} <= set(rows[0]["rests_on"][0])
    assert sum(c["share"] for c in rows[0]["rests_on"]) == pytest.approx(1.0)


def test_solve_assumes_other_numbers(capsys: Captured) -> None:
    masses = []
    for words in ([], ["--assume", "waste_per_head=surveys"]):
        assert run(["solve", "ben_tre", "--by", "settlement", "--year", "2023", "--json", *words]) == 0
        rows = json.loads(capsys.readouterr().out)
        masses.append({r["place"]: r["mean"] for r in rows if r["flow"] == "household_waste"})
    assert masses[1]["rural"] < masses[0]["rural"]


def test_what_does_not_fit_the_memory_is_refused(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setattr("cemfa.system.footprint.memory", lambda: 1_000_000)
    assert run(["solve", "first_steps", "--samples", "100000", "--out", "r.nc"]) == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert "100000 samples need" in err
    assert "[samples-memory]" in err


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "100 % done, about 0 s left"), ("vi", "đã xong 100 %, còn khoảng 0 giây")]
)
def test_progress_is_told_where_it_is_asked_for(lang: str, words: str, capsys: Captured) -> None:
    line = ["solve", "first_steps", "--samples", "300", "--json", "--lang", lang]
    assert run(line) == 0
    out, err = capsys.readouterr()
    assert "%" not in err
    assert run([*line, "--progress"]) == 0
    told = capsys.readouterr()
    assert told.out == out
    assert words in told.err


def test_graph_tells_boundary_and_loops(capsys: Captured) -> None:
    assert run(["graph", "first_steps", "--process", "composting_yard"]) == 0
    out, _ = capsys.readouterr()
    assert "6 processes (10 with all copies), 7 flows (22 with all copies), 0 loops" in out
    assert "into the system" in out
    assert "to 'composting_yard' matter can get from 1 processes: Households" in out
    assert run(["graph", "first_steps", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["counts"]["flows"] == 7
    assert [row["flow"] for row in told["entering"]] == ["organics_arising"]
    assert told["entering"][0]["mass"] > 0
    assert told["unreachable"] == told["without_outlet"] == told["unused"] == []


def test_graph_ranks_the_loops_of_a_large_model(capsys: Captured) -> None:
    assert run(["graph", "organics_2030", "--lang", "vi", "--json"]) == 0
    loops = json.loads(capsys.readouterr().out)["loops"]
    assert [loop["mass"] for loop in loops] == sorted((loop["mass"] for loop in loops), reverse=True)
    assert loops[0]["mass"] > 0
    assert loops[0]["label"].startswith("Ủ rác hỗn hợp Thạnh Phú → Sàng mùn rác hỗn hợp → ")


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_graph_draws_the_system(suffix: str, start: bytes, elsewhere: Path, capsys: Captured) -> None:
    assert run(["graph", "first_steps_2030", "--lang", "vi", "--out", f"s.{suffix}"]) == 0
    assert (elsewhere / f"s.{suffix}").read_bytes().startswith(start)
    assert f"đã ghi: s.{suffix}" in capsys.readouterr().err


def test_graph_of_a_model_without_a_solution_is_still_told(elsewhere: Path, capsys: Captured) -> None:
    model = elsewhere / "town"
    shutil.copytree(library.models()["first_steps"], model)
    rows = (model / "parameters.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    changed = [
        row.replace(",0.15,1,beta,0.1,0.2,", ",0.99,1,constant,,,", 1) if row.startswith("separated,") else row
        for row in rows
    ]
    assert changed != rows
    (model / "parameters.csv").write_text("".join(changed), encoding="utf-8")
    assert run(["graph", "town", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["entering"][0]["mass"] is None
    assert "[shares-above-one]" in err


def test_solve_of_an_option_differs_from_the_model(capsys: Captured) -> None:
    def recycled(*words: str) -> float:
        assert run(["solve", *words, "--year", "2030", "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        return sum(row["mean"] for row in rows if row["flow"].startswith("organics_to_yard"))

    assert recycled("first_steps_2030", "--option", "two_yards") > recycled("first_steps") > 0
    assert recycled("first_steps_2030", "--option", "as_now") == recycled("first_steps_2030")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("solve first_steps --option two_yards", "option-needs-scenario"),
        ("solve first_steps_2030 --option three_yards", "option-unknown"),
        ("solve first_steps --year 1999", "year-unknown"),
        ("solve first_steps --by commune", "by-unknown"),
        ("solve ben_tre --assume population", "assume-form"),
        ("solve ben_tre --assume nothing=more", "assume-parameter"),
        ("solve ben_tre --assume population=more", "assume-set"),
        ("simulate first_steps_2030 --option three_yards", "option-unknown"),
        ("simulate first_steps", "unknown-scenario"),
        ("compare first_steps_2030 --option three_yards", "option-unknown"),
        ("compare first_stesp_2030", "unknown-scenario"),
        ("sankey first_steps --year 1999 --out a.svg", "year-unknown"),
        ("graph first_steps --year 1999 --out a.svg", "year-unknown"),
        ("graph first_steps --process composting", "graph-process-unknown"),
        ("solve first_steps --sample 3 --samples 5", "usage-sample-with"),
        ("solve first_steps --sample 3 --by district", "usage-sample-by"),
        ("compare --replay nowhere/run.json", "system-refused"),
    ],
)
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_what_does_not_exist(line: str, code: str, lang: str, elsewhere: Path, capsys: Captured) -> None:
    assert run([*line.split(), "--lang", lang]) == (4 if code == "system-refused" else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"[{code}]" in err
    assert not list(elsewhere.iterdir())  # nothing half made stays behind


def test_simulate(elsewhere: Path, capsys: Captured) -> None:
    words = ["--option", "two_yards", "--replications", "2", "--workers", "1", "--out", "s.nc", "--lang", "vi"]
    assert run(["simulate", "first_steps_2030", *words]) == 0
    out, err = capsys.readouterr()
    assert "năm 2030" in out
    assert "đang mô phỏng two_yards" in err
    results = open_results(elsewhere / "s.nc")
    assert results.attrs["kind"] == "simulate"
    assert {name.split("/")[0] for name in json.loads(results.attrs["inputs"])} == {"model", "scenario"}


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_sankey(suffix: str, start: bytes, elsewhere: Path) -> None:
    assert run(["sankey", "first_steps_2030", "--option", "two_yards", "--out", f"f.{suffix}"]) == 0
    assert (elsewhere / f"f.{suffix}").read_bytes().startswith(start)


def test_sankey_of_another_kind(elsewhere: Path, capsys: Captured) -> None:
    assert run(["sankey", "first_steps", "--out", "f.jpg"]) == 4
    assert "[output-suffix]" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())


def test_a_comparison_leaves_its_folder(compared: Path, own: Path) -> None:
    assert {file.name for file in compared.iterdir()} == MADE
    record = json.loads((compared / "run.json").read_text(encoding="utf-8"))
    assert record["scenario"] == str(own / "first_steps_2030.yaml")
    assert (record["replications"], record["seed"], record["options"]) == (2, 5, ["south_yard"])
    assert {"model/model.yaml", "model/parameters.csv", "scenario/first_steps_2030.yaml"} <= set(record["inputs"])
    assert 0 <= record["residual"] < 1e-9


def test_a_run_can_be_repeated(compared: Path, elsewhere: Path, capsys: Captured) -> None:
    assert run(["compare", "--replay", str(compared / "run.json"), "--workers", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert "south_yard" not in rows[0]
    again = elsewhere / "first_steps_2030-1"
    assert {file.name for file in again.iterdir()} == MADE
    with xr.open_datatree(compared / "results.nc") as before, xr.open_datatree(again / "results.nc") as after:
        assert before.identical(after)
    assert (compared / "run.json").read_bytes() == (again / "run.json").read_bytes()


def test_the_latest_decision_and_who_decided_are_repeated(elsewhere: Path, capsys: Captured) -> None:
    rules = elsewhere / "rules.py"
    rules.write_text("def never(situation):\n    return False\n", encoding="utf-8")
    words = [
        "--option",
        "south_yard",
        "--replications",
        "1",
        "--workers",
        "1",
        "--latest-decision",
        "--json",
    ]
    assert run(["compare", "first_steps_2030", *words, "--decide", "rules.py:never", "--out", "a"]) == 0
    first = capsys.readouterr().out
    assert {"latest_even.S01", "latest_sure.S01"} <= set(json.loads(first)[-1])
    record = json.loads((elsewhere / "a" / "run.json").read_text(encoding="utf-8"))
    assert record["latest"] is True
    assert record["decide"] == f"{rules}:never"
    assert "decide/rules.py" in record["inputs"]
    assert run(["compare", "--replay", "a", "--workers", "1", "--json", "--out", "b"]) == 0
    assert capsys.readouterr().out == first
    assert (elsewhere / "a" / "run.json").read_bytes() == (elsewhere / "b" / "run.json").read_bytes()
    rules.write_text("def never(situation):\n    return True\n", encoding="utf-8")
    assert run(["compare", "--replay", "a", "--out", "c"]) == 2
    assert "decide/rules.py" in capsys.readouterr().err


def test_a_report_in_the_other_language_of_a_run_of_another_version(
    compared: Path, elsewhere: Path, capsys: Captured
) -> None:
    record = json.loads((compared / "run.json").read_text(encoding="utf-8"))
    (elsewhere / "run.json").write_text(json.dumps(record | {"version": "0.0.1"}), encoding="utf-8")
    assert run(["report", "run.json", "--workers", "1", "--lang", "vi", "--out", "vi"]) == 0
    err = capsys.readouterr().err
    assert "Báo cáo: vi" in err
    assert "dùng cemfa 0.0.1" in err
    assert {file.name for file in (elsewhere / "vi").iterdir()} == MADE


def test_a_run_with_other_inputs_is_refused(compared: Path, own: Path, elsewhere: Path, capsys: Captured) -> None:
    file = own / "first_steps" / "goods.csv"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"\n")
        assert run(["compare", "--replay", str(compared)]) == 2
    finally:
        file.write_bytes(before)
    err = capsys.readouterr().err
    assert "'model/goods.csv' has changed" in err
    assert "[replay-input-changed]" in err
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize(("lang", "words"), [("en", "Share dumped"), ("vi", "Tỷ lệ đổ bừa bãi")])
def test_sensitivity_ranks_parameters(lang: str, words: str, capsys: Captured) -> None:
    assert run(["sensitivity", "first_steps", "--indicator", "landfilled_mass", "--year", "2030", "--lang", lang]) == 0
    out, err = capsys.readouterr()
    assert words in out
    assert "%" in err
    shares = locale.text("sensitivity.column-share", lang).split()
    assert all(word in out for word in shares)


def test_sensitivity_as_data(capsys: Captured) -> None:
    words = ["--option", "south_yard", "--indicator", "rate_with_home:rural", "--indicator", "composting_yard:carbon"]
    assert run(["sensitivity", "first_steps_2030", *words, "--json"]) == 0
    rate, carbon = json.loads(capsys.readouterr().out)
    assert (rate["year"], rate["unit"], carbon["unit"]) == (2030, "1", "t/year")
    assert sum(c["share"] for c in rate["contributions"]) == pytest.approx(1.0, abs=1e-6)
    assert rate["unverified"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--indicator", "landfilled_mas"], "quantity-unknown"),
        (["--year", "1999"], "year-unknown"),
        (["--indicator", "rate_carbon:nowhere"], "quantity-part"),
    ],
)
def test_sensitivity_refuses_what_is_not_there(words: list[str], code: str, capsys: Captured) -> None:
    assert run(["sensitivity", "first_steps", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"[{code}]" in err


def test_simulate_writes_events_months_and_a_timeline(elsewhere: Path, capsys: Captured) -> None:
    files = ["--events", "e.csv", "--monthly", "m.csv", "--timeline", "t.svg"]
    line = ["simulate", "first_steps_2030", "--option", "south_yard", "--replications", "2", "--workers", "1"]
    assert run([*line, *files]) == 0
    capsys.readouterr()
    events = (elsewhere / "e.csv").read_text(encoding="utf-8").splitlines()
    assert events[0] == "replication,date,kind,subject,days,capacity"
    assert any(",commissioned,yard_south," in row for row in events)
    months = (elsewhere / "m.csv").read_text(encoding="utf-8").splitlines()
    assert months[0] == "month,plant,what,mean,p5,p95"
    assert any(row.startswith("2030-12,") for row in months)
    assert "<svg" in (elsewhere / "t.svg").read_text(encoding="utf-8")


def test_simulate_beside_the_annual_balance(capsys: Captured) -> None:
    line = ["simulate", "first_steps_2030", "--option", "south_yard", "--replications", "4", "--annual", "--json"]
    assert run(line) == 0
    rows = {row["indicator"]: row for row in json.loads(capsys.readouterr().out)}
    rate = rows["rate_with_home (all)"]
    assert rate["annual-error"] == pytest.approx(rate["annual"] - rate["simulated"])
    assert {"simulated", "annual", "effective"} <= set(rate)


def test_compare_to_a_precision(elsewhere: Path, capsys: Captured) -> None:
    line = ["compare", "first_steps_2030", "--replications", "40", "--out", "p", "--workers", "1"]
    assert run([*line, "--precision", "rate_with_home.rural=1"]) == 0
    assert "32 replications" in capsys.readouterr().err
    assert json.loads((elsewhere / "p" / "run.json").read_text(encoding="utf-8"))["replications"] == 32
    for wrong in ("rate_with_home", "rate_with_home=0", "=1", "rate_with_home=x"):
        assert run(["compare", "first_steps_2030", "--precision", wrong]) == 2
        assert "[usage-precision]" in capsys.readouterr().err


def test_an_interrupted_comparison_says_how_to_go_on(
    elsewhere: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(number: int, *_: object) -> None:
        if number == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("cemfa.cli.comparing._say_done", stop)
    line = ["compare", "first_steps_2030", "--replications", "2", "--out", "i", "--workers", "1"]
    assert run(line) == 130
    err = capsys.readouterr().err
    assert "cemfa compare first_steps_2030 --option two_yards" in err
    assert (elsewhere / "i" / "report.html").exists()
