"""`rules simulate`: small histories worked by hand, the real files of examples, and what cannot be replayed."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import rules_engine
from rules_engine.workbench import History, compare, simulate, simulation_page, simulation_text
from tests.test_cli import rules

ROOT = Path(__file__).resolve().parent.parent

KIOSK = """language 1

program "Kiosk" {
  currency   GBP, rounded half up
  split      in proportion, odd pennies to the largest remainder
  stacking   { basket: all in order "Ten off", "Handling" }
}

unit point, points { rounded down   lasts for 30 days   balance at least 0 }
unit star, stars { rounded down   lasts forever }

event purchase dated by bought_on of customer identified by number {
  number: text   customer: member?   bought_on: date   spend: points up to 100_000
  lines 1 to 9 { id: text as id   pieces: count up to 100 as quantity   price: money up to 1_000 GBP as list each }
}

event visit dated by came_on of customer identified by number { number: text   customer: member   came_on: date }

track spent = sum of net, on purchase, per calendar year

tiers {
  Paper
  Tin      when spent >= 100 GBP
  counts   from the next event
  lasts    until end of calendar year
  then     the earned tier
}

basket offer "Ten off" as ten {
  on        purchase
  automatic
  take      10% of current off the total of lines
}

basket offer "Handling" { on purchase   automatic   charge 1 GBP as "handling" }

redeem "Points pay" as pays { on purchase   when has member   accept spend, worth 1 GBP per 100 points }

earn "Points" as base { on purchase   give 10 points per full 1 GBP of net }

earn "A star" { on visit   give 1 star }
"""


def purchase(number: str, day: str, pounds: str, member: str | None = None, spend: int = 0) -> dict[str, Any]:
    lines = [{"id": "a", "pieces": 1, "price": pounds}]
    sent: dict[str, Any] = {"event": "purchase", "number": number, "bought_on": day, "spend": spend, "lines": lines}
    return sent if member is None else {**sent, "customer": member}


HISTORY = [
    purchase("1", "2027-01-10", "100.00", "a"),
    purchase("2", "2027-01-20", "20.00", "a", spend=300),
    purchase("3", "2027-03-01", "10.00", "a"),
    purchase("4", "2027-03-02", "50.00"),
    {"event": "visit", "number": "5", "customer": "b", "came_on": "2027-03-05"},
    purchase("6", "2027-03-06", "30.00", "b"),
]


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    (tmp_path / "kiosk.rules").write_text(KIOSK)
    write(tmp_path / "history.ndjson", HISTORY)
    return tmp_path


def write(path: Path, events: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


def told(folder: Path, *args: str | Path, code: int = 0) -> dict[str, Any]:
    found = rules("simulate", "kiosk.rules", "--format", "json", *args, cwd=folder, code=code)
    return dict(json.loads(found.stdout))


def row(table: list[dict[str, Any]], **names: str) -> dict[str, Any]:
    (found,) = (each for each in table if names.items() <= each.items())
    return {name: value for name, value in found.items() if name not in names}


# ---- worked by hand ----


def test_money_and_units(kiosk: Path) -> None:
    found = told(kiosk, "--events", "history.ndjson")
    assert (found["program"], found["first"], found["last"]) == ("Kiosk", "2027-01-10", "2027-03-06")
    assert found["events"]["scored"] == 6
    assert row(found["money"], **{"in": "GBP"}) == {
        "events": 5,
        "revenue": "189.00",  # 210 less a tenth
        "discounts": "21.00",
        "paid with units": "3.00",
        "charged": "5.00",
        "cost": "24.00",
        "cost of revenue": {"exact": "8/63", "shown": "12.70%"},
    }
    points = {"issued": 1440, "used": 300, "expired": 780, "outstanding": 360, "owed": 0}
    assert row(found["units"], unit="point", **{"worth in": "GBP"}) == {**points, "worth of the outstanding": "3.60"}
    assert row(found["units"], unit="star")["issued"] == 1
    assert "worth of the outstanding" not in row(found["units"], unit="star")


def test_units_have_a_worth_where_all_have_one(kiosk: Path) -> None:
    write(kiosk / "sold.ndjson", [event for event in HISTORY if event["event"] == "purchase"])
    money = row(told(kiosk, "--events", "sold.ndjson")["money"], **{"in": "GBP"})
    assert money["units issued, worth"] == "14.40"
    assert money["discounts and these, of revenue"] == {"exact": str(Fraction(3540, 18900)), "shown": "18.73%"}


def test_what_ends_by_itself_has_expired(kiosk: Path) -> None:
    found = told(kiosk, "--events", "history.ndjson", "--until", "2027-04-02")
    points = row(found["units"], unit="point")
    assert (points["expired"], points["outstanding"]) == (870, 270)
    assert row(found["by_month"], month="2027-03", **{"in": "point"})["expired"] == 90
    assert row(found["by_rule"], rule="base", **{"in": "point"})["expired"] == 870


def test_by_rule(kiosk: Path) -> None:
    table = told(kiosk, "--events", "history.ndjson")["by_rule"]
    assert [(each["rule"], each["in"]) for each in table] == [
        ("ten", "GBP"),
        ("Handling", "GBP"),
        ("pays", "GBP"),
        ("pays", "point"),
        ("base", "point"),
        ("A star", "star"),
    ]
    assert row(table, rule="ten") == {"in": "GBP", "acted": 5, "discounts": "21.00"}
    assert row(table, rule="Handling") == {"in": "GBP", "acted": 5, "charged": "5.00"}
    assert row(table, rule="pays", **{"in": "GBP"}) == {"acted": 1, "paid with units": "3.00"}
    assert row(table, rule="pays", **{"in": "point"}) == {"acted": 1, "used": 300}
    assert row(table, rule="base") == {"in": "point", "acted": 4, "issued": 1440, "expired": 780}


def test_by_tier_it_is_the_tier_before_the_event(kiosk: Path) -> None:
    table = told(kiosk, "--events", "history.ndjson")["by_tier"]
    paper = {"events": 3, "revenue": "135.00", "discounts": "15.00", "paid with units": "3.00"}
    assert row(table, tier="Paper", **{"in": "GBP"}) == {
        **paper,
        "cost of revenue": {"exact": "2/15", "shown": "13.33%"},
    }
    assert row(table, tier="Tin", **{"in": "GBP"})["revenue"] == "9.00"
    assert row(table, tier="Tin", **{"in": "point"}) == {"issued": 90}
    assert row(table, tier="guests", **{"in": "GBP"})["revenue"] == "45.00"


def test_events_of_one_day_have_the_tier_before_each(kiosk: Path) -> None:
    days = ["2027-01-10", "2027-01-10", "2027-01-10"]
    write(kiosk / "day.ndjson", [purchase(str(number), day, "70.00", "a") for number, day in enumerate(days)])
    table = told(kiosk, "--events", "day.ndjson")["by_tier"]
    events = {each["tier"]: each["events"] for each in table if each["in"] == "GBP"}
    assert events == {"Paper": 2, "Tin": 1}, "the second reaches a hundred, the third has it"


def test_by_month(kiosk: Path) -> None:
    table = told(kiosk, "--events", "history.ndjson")["by_month"]
    january = row(table, month="2027-01", **{"in": "GBP"})
    assert (january["events"], january["revenue"], january["cost of revenue"]["exact"]) == (2, "108.00", "5/36")
    left = {each["month"]: each["outstanding at its end"] for each in table if each["in"] == "point"}
    assert left == {"2027-01": 780, "2027-02": 0, "2027-03": 360}


HOLDOUT = 'member { kept: flag? }\n\nholdout members where has member.kept and member.kept, from "Ten off"\n\n'


def test_holdouts_are_held_against_the_others(kiosk: Path) -> None:
    text = KIOSK.replace("basket offer", f"{HOLDOUT}basket offer", 1)
    (kiosk / "kiosk.rules").write_text(text)
    (kiosk / "members.csv").write_text("member,kept\na,false\nb,true\nc,true\nd,false\n")
    found = told(kiosk, "--events", "history.ndjson", "--members", "members.csv")
    lift = found["holdouts"][0]
    assert (lift["members kept out"], lift["other members"]) == (2, 2)  # c and d bought nothing, and are counted
    assert lift["events each, kept out"] == {"exact": "1", "shown": "1.00"}  # b came twice
    assert lift["events each, others"] == {"exact": "3/2", "shown": "1.50"}
    assert lift["net each, kept out"] == {"exact": "15", "shown": "15.00"}  # 30 in full
    assert lift["net each, others"] == {"exact": "117/2", "shown": "58.50"}
    assert lift["difference"] == {"exact": "87/2", "shown": "43.50"}
    assert lift["lift"] == {"exact": "29/10", "shown": "290.00%"}
    assert row(found["by_rule"], rule="ten")["withheld"] == "3.00"


def test_against_another_program(kiosk: Path) -> None:
    (kiosk / "old.rules").write_text(KIOSK.replace("10% of current", "20% of current"))
    found = told(kiosk, "--events", "history.ndjson", "--against", "old.rules")
    changes = {(each["table"], *each["row"], each["column"]): each for each in found["differences"]}
    money = changes["money", "GBP", "discounts"]
    assert (money["old"], money["new"], money["by"]) == ("42.00", "21.00", "-21.00")
    assert changes["by rule", "ten", "GBP", "discounts"]["by"] == "-21.00"
    assert changes["money", "GBP", "cost of revenue"]["old"]["exact"] == str(Fraction(4500, 16800))
    assert ("money", "GBP", "charged") not in changes, "what is the same is no difference"
    text = rules("simulate", "kiosk.rules", "--events", "history.ndjson", "--against", "old.rules", cwd=kiosk).stdout
    assert "  money, GBP: discounts 42.00 -> 21.00 (-21.00)\n" in text
    same = rules("simulate", "kiosk.rules", "--events", "history.ndjson", "--against", "kiosk.rules", cwd=kiosk).stdout
    assert same.endswith("  no difference\n")


def test_a_row_of_one_program_alone_is_a_difference(kiosk: Path) -> None:
    (kiosk / "old.rules").write_text(KIOSK.replace('earn "A star" { on visit   give 1 star }\n', ""))
    found = told(kiosk, "--events", "history.ndjson", "--against", "old.rules")
    stars = [each for each in found["differences"] if "star" in each["row"] and each["column"] == "issued"]
    assert [(each["table"], each["new"]) for each in stars] == [
        ("units", 1),
        ("by rule", 1),
        ("by tier", 1),
        ("by month", 1),
    ]


def test_events_that_nothing_prices_have_revenue_too(tmp_path: Path) -> None:
    text = re.sub(r"(?s)basket offer .*?(?=earn \"Points\")", "", KIOSK)
    text = text.replace('  stacking   { basket: all in order "Ten off", "Handling" }\n', "")
    (tmp_path / "kiosk.rules").write_text(text)
    bought = purchase("1", "2027-01-10", "12.50", "a")
    bought["lines"].append({"id": "b", "pieces": 3, "price": "2.00"})
    write(tmp_path / "history.ndjson", [bought])
    assert row(told(tmp_path, "--events", "history.ndjson")["money"], **{"in": "GBP"})["revenue"] == "18.50"


# ---- every row is accounted for ----


def test_rejected_events_are_counted_and_told(kiosk: Path) -> None:
    write(kiosk / "history.ndjson", [*HISTORY, HISTORY[0], {"event": "visit", "number": "9"}])
    done = rules("simulate", "kiosk.rules", "--events", "history.ndjson", cwd=kiosk, code=1)
    assert re.search(r"^rejected +2 +2$", done.stdout, re.M)
    assert "purchase `1` was scored before" in done.stderr
    assert "189.00" in done.stdout


def test_a_mapping_is_read_as_score_reads_it(kiosk: Path) -> None:
    till = ("Number,Day,Who,Pieces,Price", "1,2027-01-10,a,1,100.00", "2,2027-01-11,,1,50.00", "C3,2027-01-12,a,1,1.00")
    (kiosk / "till.csv").write_text("\n".join(till))
    (kiosk / "till.toml").write_text(
        'event = "purchase"\n[source]\nfile = "till.csv"\n[group]\nby = "Number"\n'
        '[fields]\nnumber = "Number"\ncustomer = "Who"\nbought_on = "Day"\nspend = { constant = "0" }\n'
        '[lines]\nid = "Number"\npieces = { from = "Pieces", format = "integer" }\nprice = "Price"\n'
        '[[set_aside]]\nname = "cancelled"\ncolumn = "Number"\nstarts_with = "C"\n'
    )
    found = told(kiosk, "--mapping", "till.toml", "--data", ".")
    assert (found["events"]["scored"], found["events"]["set aside: cancelled"]) == (2, 1)
    assert row(found["money"], **{"in": "GBP"})["revenue"] == "135.00"


def test_what_cannot_run_says_why(kiosk: Path) -> None:
    assert "--events FILE" in rules("simulate", "kiosk.rules", cwd=kiosk, code=2).stderr
    gone = rules("simulate", "kiosk.rules", "--events", "gone.csv", cwd=kiosk, code=2).stderr
    assert "`gone.csv` cannot be read" in gone
    late = rules("simulate", "kiosk.rules", "--events", "history.ndjson", "--until", "soon", cwd=kiosk, code=2).stderr
    assert "`--until`" in late
    over = ("--events", "history.ndjson", "--html", "history.ndjson")
    assert "written over" in rules("simulate", "kiosk.rules", *over, cwd=kiosk, code=2).stderr
    assert len((kiosk / "history.ndjson").read_text().splitlines()) == len(HISTORY)


def test_an_empty_history(kiosk: Path) -> None:
    write(kiosk / "history.ndjson", [])
    text = rules("simulate", "kiosk.rules", "--events", "history.ndjson", cwd=kiosk).stdout
    assert "nothing was scored" in text
    assert "by rule" not in text


# ---- the page ----


class Page(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_the_page_is_one_file_and_escapes_all_texts(kiosk: Path) -> None:
    text = KIOSK.replace('"Kiosk"', '"<script>alert(1)</script> & $k$"').replace('"Points pay" as pays', '"<b>P & $1$"')
    (kiosk / "kiosk.rules").write_text(text)
    done = rules("simulate", "kiosk.rules", "--events", "history.ndjson", "--html", "page.html", cwd=kiosk)
    assert "plots in page.html" in done.stderr
    written = (kiosk / "page.html").read_text()
    page = Page(written)
    assert page.tags.count("svg") == 4, "points and stars by month, the cost by month, the cost by rule"
    assert not {"script", "b", "img", "link", "iframe"} & set(page.tags)
    assert all(link.startswith("#") for link in page.links), "nothing is fetched"
    assert "url(http" not in written
    assert "<script>alert(1)</script> & $k$" in page.texts
    assert page.texts.count("<b>P & $1$") > 2, "in its tables and in the plot"
    again = rules("simulate", "kiosk.rules", "--events", "history.ndjson", "--html", "again.html", cwd=kiosk)
    assert again.returncode == 0
    assert (kiosk / "again.html").read_text() == written, "the same history gives the same page"


def test_the_page_says_what_differs_and_shows_the_lift(kiosk: Path) -> None:
    old = rules_engine.load(kiosk / "kiosk.rules")
    (kiosk / "new.rules").write_text(KIOSK.replace("basket offer", f"{HOLDOUT}basket offer", 1))
    (kiosk / "members.csv").write_text("member,kept\na,false\nb,true\n")
    history = History(kiosk / "history.ndjson", kiosk / "members.csv")
    new = simulate(rules_engine.load(kiosk / "new.rules"), history)
    page = Page(simulation_page(new, simulate(old, History(kiosk / "history.ndjson"))))
    assert "Against Kiosk" in page.texts
    assert any(text.startswith("Net of each member") for text in page.texts)


def test_without_the_plots_text_and_json_still_work(kiosk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = kiosk / "bare" / "matplotlib"
    bare.mkdir(parents=True)
    (bare / "__init__.py").write_text("raise ImportError('not here')\n")
    monkeypatch.setenv("PYTHONPATH", str(bare.parent))
    asked = ("simulate", "kiosk.rules", "--events", "history.ndjson")
    refused = rules(*asked, "--html", "page.html", cwd=kiosk, code=2)
    assert "pip install 'rules-engine[plots]'" in refused.stderr
    assert refused.stdout == ""
    assert not (kiosk / "page.html").exists()
    assert "189.00" in rules(*asked, cwd=kiosk).stdout
    assert told(kiosk, "--events", "history.ndjson")["events"]["read"] == 6


# ---- the examples ----

SAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/sample.ndjson"))


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_samples_add_up(folder: Path) -> None:
    members = next(iter(folder.glob("sample_members.*")), None)
    program = rules_engine.load(folder)
    found = simulate(program, History(folder / "sample.ndjson", members))
    tables = {table.title: table for table in found.tables}
    assert found.tally.scored.events
    for (unit, _), cells in tables["units"].rows.items() if "units" in tables else ():
        issued, used, expired, outstanding, owed = (cell.value if cell else 0 for cell in cells[:5])
        assert issued - used - expired == outstanding - owed, unit
        for title, columns in (("by rule", ("issued", "used", "expired")), ("by month", ("issued", "used", "expired"))):
            assert [total(tables.get(title), column, unit) for column in columns] == [issued, used, expired], title
    for (currency,), cells in tables["money"].rows.items() if "money" in tables else ():
        for title in ("by month", "by tier"):
            if title in tables:
                assert total(tables[title], "revenue", currency) == value(cells[1])
                assert total(tables[title], "discounts", currency) == value(cells[2])
    assert compare(found, found) == ()
    assert found.title in simulation_text(found)


def total(table: Any, column: str, of: str) -> Fraction:
    if table is None:
        return Fraction()
    place = table.columns.index(column)
    return sum((value(cells[place]) for row, cells in table.rows.items() if row[-1] == of), Fraction())


def value(cell: Any) -> Fraction:
    return Fraction() if cell is None else Fraction(cell.value)
