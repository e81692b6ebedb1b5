"""`rules explain` as a page, and with near misses: what the text says stands on the page, and is escaped."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

import rules_engine
from rules_engine.cli import rules
from rules_engine.scoring import OfferTold, RuleTold, ValueTold
from rules_engine.workbench import explanation_json, explanation_page
from tests.test_pages import Read

ROOT = Path(__file__).resolve().parent.parent
SHOP = ROOT / "examples" / "shop"
EVENTS = [orjson.loads(line) for line in (SHOP / "sample.ndjson").read_bytes().splitlines()[:6]]


def texts(values: tuple[ValueTold, ...]) -> list[str]:
    return [text for each in values for text in (each.text, each.value, *texts(each.inner))]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["order_no"])
def test_the_page_says_what_the_explanation_says(event: dict[str, Any]) -> None:
    program = rules_engine.load(SHOP)
    told, near = program.explain(event), program.near(event)
    read = Read(explanation_page(told, near))
    for rule in chain[RuleTold | OfferTold](told.rules, told.offers):
        assert rule.title in read.text
        assert rule.why in read.text
        assert rule.because in read.text
        assert all(text in read.text for text in texts(rule.values))
        assert all(limit.text in read.text for limit in rule.limits)
    for give in (give for rule in told.rules for give in rule.gives):
        assert give.given in read.text
    for effect in (effect for offer in told.offers for effect in offer.effects):
        assert effect.given in read.text
        assert all(part in read.text for part in effect.parts)
    assert all(miss.text() in read.text for miss in near.misses)
    assert {"script", "img", "link", "iframe"}.isdisjoint(read.tags)
    assert "details" in read.tags
    assert not [value for name, value in read.attributes if name in ("src", "href")]


def test_titles_of_rules_are_no_markup(tmp_path: Path) -> None:
    for each in SHOP.glob("shop.rules"):
        text = each.read_text().replace('"Tier discount"', '"<img src=x onerror=alert(1)>"')
        (tmp_path / each.name).write_text(text)
    read = Read(explanation_page(rules_engine.load(tmp_path).explain(EVENTS[0])))
    assert "img" not in read.tags
    assert "<img src=x onerror=alert(1)>" in read.text


def test_json_has_near_misses_only_where_they_were_asked_for() -> None:
    program = rules_engine.load(SHOP)
    told, near = program.explain(EVENTS[1]), program.near(EVENTS[1])
    plain, more = orjson.loads(explanation_json(told)), orjson.loads(explanation_json(told, near))
    assert "near" not in plain
    assert {name: value for name, value in more.items() if name != "near"} == plain
    (miss,) = [each for each in more["near"]["misses"] if each["proved"]]
    assert miss["changes"] == [
        {"said": "22.65 GBP more a piece", "field": "price", "line": 1, "before": "7.35 GBP", "after": "30.00 GBP"}
    ]
    assert miss["gives"] == ["4.95 GBP off"]


def test_the_command_in_its_three_forms(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_bytes(orjson.dumps(EVENTS[1]))
    asked = ["explain", str(SHOP), "--event", str(tmp_path / "event.json"), "--near"]
    text = CliRunner().invoke(rules, asked)
    assert text.exit_code == 0
    assert '22.65 GBP more a piece gives 4.95 GBP off ("Free delivery")' in text.output
    assert "near" in orjson.loads(CliRunner().invoke(rules, [*asked, "--format", "json"]).stdout)
    page = CliRunner().invoke(rules, [*asked, "--format", "html", "-o", str(tmp_path / "why.html")])
    assert page.stdout == ""
    assert (tmp_path / "why.html").read_text().startswith("<!DOCTYPE html>")
    without = CliRunner().invoke(rules, asked[:-1])
    assert "near misses" not in without.output


@pytest.mark.parametrize("command", ["explain", "score", "diff"])
def test_facts_that_are_missing_have_an_option(command: str, tmp_path: Path) -> None:
    """Who did not send the facts of the member is told how; who did is not."""
    CliRunner().invoke(rules, ["new", "shop", "Made", "--dir", str(tmp_path / "made")])
    made = tmp_path / "made"
    event, member = orjson.loads((made / "event.json").read_bytes()), orjson.loads((made / "member.json").read_bytes())
    (tmp_path / "one.ndjson").write_bytes(orjson.dumps(event) + b"\n")
    (tmp_path / "all.ndjson").write_bytes(orjson.dumps({"member": event["customer"], **member}) + b"\n")
    asked = {
        "explain": ["explain", str(made), "--event", str(made / "event.json")],
        "score": ["score", str(made), "--events", str(tmp_path / "one.ndjson"), "--out", str(tmp_path / "o.csv")],
        "diff": ["diff", str(made), str(made), "--events", str(tmp_path / "one.ndjson")],
    }[command]
    given = ["--member", str(made / "member.json")]
    if command != "explain":
        given = ["--members", str(tmp_path / "all.ndjson")]
    said = f"come by `{given[0]} FILE`"
    assert said in CliRunner().invoke(rules, asked).stderr
    with_facts = CliRunner().invoke(rules, [*asked, *given])
    assert with_facts.exit_code == 0, with_facts.output
    assert "come by" not in with_facts.output
