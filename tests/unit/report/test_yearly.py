"""The yearly report in Word and Excel: what it says in Vietnamese, and that no column mixes kinds of numbers."""

import datetime
import io

import docx
import pytest

from cemfa.comparison.words import Words
from cemfa.definition.load import read_model
from cemfa.monitoring.yearly import yearly_rows
from cemfa.observations.schema import Kept, Key, Kind, Observation
from cemfa.report.yearly import Yearly, sentences, targets_table, yearly_document, yearly_tables

OCTOBER, TODAY = datetime.date(2026, 10, 31), datetime.date(2026, 12, 1)


def told(item: str, kind: Kind, value: float, year: int = 2026, note: str = "") -> Kept:
    key = Key("target", item, "value", "", year, kind)
    return Kept(Observation(key, value, "%", OCTOBER, "Báo cáo 12/BC", note=note), 1, "current")


@pytest.fixture(scope="module")
def yearly() -> Yearly:
    model = read_model("ben_tre")
    kept = [
        told("T18", "plan", 40),
        told("T18", "actual", 31.5),
        told("T18", "estimate", 36, note="chưa có bãi tập kết tại ba xã"),
        told("T18", "actual", 25, 2025),
        told("T17", "actual", 61.2),
    ]
    rows = yearly_rows(model, kept, year=2026, cut_off=OCTOBER, today=TODAY, simulated={"T18": 33.0})
    return Yearly(model, rows, 2026, OCTOBER, TODAY, "organics_2030, as_committed")


def test_what_it_says(yearly: Yearly) -> None:
    count = len(yearly.rows)
    assert sentences(yearly, Words("vi")) == (
        f"Trong {count} chỉ tiêu, 2 chỉ tiêu đã có số liệu đến ngày 31/10/2026; {count - 2} chỉ tiêu chưa có.",
        "Theo ước thực hiện, 1 chỉ tiêu không đạt kế hoạch năm: Rác hữu cơ ở nông thôn được tái chế.",
        f"{count - 2} số liệu đã quá hạn báo cáo (trước ngày 30/11/2026).",
    )


def test_plan_actual_estimate_and_simulated_stand_in_columns_of_their_own(yearly: Yearly) -> None:
    table = targets_table(yearly, Words("en"))
    row = next(row for row in table.rows if row[0].value == "T18")
    shown = {column.label: cell.value for column, cell in zip(table.columns, row, strict=True)}
    assert shown["Plan 2026"] == 40
    assert shown["Actual to 2026-10-31"] == 31.5
    assert shown["Estimate for all of 2026"] == 36
    assert shown["Reckoned by the model 2026"] == 33
    assert shown["Actual 2025"] == 25
    assert shown["Actual over plan"] == pytest.approx(31.5 / 40)
    assert shown["Reason"] == "chưa có bãi tập kết tại ba xã"
    assert shown["Source"] == "Báo cáo 12/BC"
    assert "not observed" in table.note


def test_without_a_simulation_there_is_no_such_column(yearly: Yearly) -> None:
    alone = Yearly(yearly.model, yearly.rows, 2026, OCTOBER, TODAY)
    assert all("Reckoned" not in column.label for column in targets_table(alone, Words("en")).columns)


def test_what_is_missing_is_listed(yearly: Yearly) -> None:
    missing = yearly_tables(yearly, "vi")[1]
    assert len(missing.rows) == len(yearly.rows) - 2
    assert missing.caption == "Các chỉ tiêu chưa có số liệu đến ngày 31/10/2026"


def test_the_document(yearly: Yearly) -> None:
    document = docx.Document(io.BytesIO(yearly_document(yearly, "vi")))
    found = [paragraph.text for paragraph in document.paragraphs if paragraph.text]
    assert found[0] == "BÁO CÁO"
    assert found[1] == ("Kết quả thực hiện Kế hoạch 6033/KH-UBND ngày 23/9/2022 năm 2026, địa bàn tỉnh Bến Tre cũ")
    assert "Bảng 1. Các chỉ tiêu năm 2026, số liệu báo cáo đến ngày 31/10/2026" in found
    assert "Nguồn: báo cáo của các cơ quan đến ngày 31/10/2026" in found
    assert "Rác hữu cơ ở nông thôn được tái chế: chưa có bãi tập kết tại ba xã" in found
    assert not any("{{" in text for text in found)
