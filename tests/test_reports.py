"""Findings as forges and code scanners read them: the log fits its schema, and no text of a user ends a command."""

from __future__ import annotations

import doctest
import importlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from rules_engine import Source, check
from rules_engine.cli.check import command as check_command
from rules_engine.codes import CODES, Code
from rules_engine.diagnostics import Diagnostic, Fix, Label, as_json, render
from rules_engine.reports import FORMS, report

SCHEMA = Path(__file__).parent / "data" / "sarif" / "sarif-2.1.0.json"
TEXT = """language 1
use shoe
program "Gift {shop}" { currency GBP, rounded half up   timezone "Europe/London" }
unit point, points { rounded down   lasts forever }
earn "\U0001f381 [Points](1)" { on purchase   give 1 pionts }
earn "\U0001f381 [Points](1)" { on purchase   give 1 pionts }
"""
WORDS = st.text(st.sampled_from('a{}[](1)%:,\n\r"`\U0001f381é '), max_size=12)


@cache
def schema() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def log(findings: list[tuple[Diagnostic, Source | None]], **sources: Source) -> dict[str, Any]:
    """The run of a log that fits the schema."""
    found: dict[str, Any] = json.loads(report(findings, "sarif", {each.name: each for each in sources.values()}))
    schema().validate(found)
    (run,) = found["runs"]
    return dict(run)


def findings(text: str = TEXT, name: str = "gift shop/50%.rules") -> list[tuple[Diagnostic, Source | None]]:
    checked = check([Source(name, text)])
    return [(each, checked.sources.get(each.source)) for each in checked.diagnostics]


def units(text: str, place: dict[str, int]) -> str:
    """What a region means to a reader that counts in units of UTF-16."""
    assert place["startLine"] == place["endLine"]
    line = text.split("\n")[place["startLine"] - 1].encode("utf-16-le")
    return line[2 * (place["startColumn"] - 1) : 2 * (place["endColumn"] - 1)].decode("utf-16-le")


def test_a_log_names_rules_places_labels_and_mends() -> None:
    run = log(findings())
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == sorted({each["ruleId"] for each in run["results"]})
    assert run["columnKind"] == "utf16CodeUnits"
    for each in run["results"]:
        assert rules[each["ruleIndex"]]["id"] == each["ruleId"]
        (place,) = each["locations"]
        assert place["physicalLocation"]["artifactLocation"] == {"uri": "gift%20shop/50%25.rules"}
    twice = next(each for each in run["results"] if each["ruleId"] == "N106")
    assert "] (1)" in twice["message"]["text"], "a title is no link"
    (other,) = twice["relatedLocations"]
    assert units(TEXT, other["physicalLocation"]["region"]) == '"\U0001f381 [Points](1)"'
    assert (other["physicalLocation"]["region"]["startLine"], other["id"]) == (5, 1)
    unknown = [each for each in run["results"] if each["ruleId"] == "N208"]
    assert [units(TEXT, each["locations"][0]["physicalLocation"]["region"]) for each in unknown] == ["pionts"] * 2
    (change,) = unknown[0]["fixes"][0]["artifactChanges"]
    (mend,) = change["replacements"]
    assert (units(TEXT, mend["deletedRegion"]), mend["insertedContent"]["text"]) == ("pionts", "points")


def test_fingerprints_follow_a_finding_and_tell_it_from_others() -> None:
    def prints(text: str) -> list[str]:
        return [each["partialFingerprints"]["codeFileLine/v1"] for each in log(findings(text))["results"]]

    once = prints(TEXT)
    assert len(set(once)) == len(once), "two like lines are two findings"
    assert prints("# a comment above\n\n" + TEXT) == once
    assert prints(TEXT.replace("give 1 pionts", "give 2 pionts", 1)) != once


def test_a_log_of_nothing_and_of_a_file_that_cannot_be_read() -> None:
    assert log([])["results"] == []
    (found,) = log([(Diagnostic("F100", "no.rules", data={"file": "no.rules"}), None)])["results"]
    assert "region" not in found["locations"][0]["physicalLocation"]


def test_labels_point_into_other_files_where_they_are_known() -> None:
    one, two = Source("one.rules", "a\nb\n"), Source("two.rules", "c\nd\n")
    finding = Diagnostic("N208", "one.rules", (2, 3), {"name": "b"}, (Label("two.rules", (2, 3), "here"),))
    (known,) = log([(finding, one)], two=two)["results"]
    assert known["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 2
    (unknown,) = log([(finding, one)])["results"]
    assert "region" not in unknown["relatedLocations"][0]["physicalLocation"]


def test_a_finding_may_bring_its_own_row() -> None:
    row = Code("L999", "a lint", "`{name}` is odd", "say `{other}`", "because { it } is", "warning")
    finding = Diagnostic("L999", "a", (0, 1), {"name": "x", "other": "y"}, row=row)
    run = log([(finding, Source("a", "x\n"))])
    (rule,), (result,) = run["tool"]["driver"]["rules"], run["results"]
    assert (rule["defaultConfiguration"], result["level"]) == ({"level": "warning"}, "warning")
    assert rule["help"]["text"] == "because {{ it }} is"
    assert result["message"]["text"] == "`x` is odd\nhelp: say `y`"


def test_every_code_is_a_rule_that_fits_the_schema() -> None:
    class Anything(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return "x"

    every = [(Diagnostic(code, "a.rules", data=Anything()), None) for code in sorted(CODES)]
    rules = log(list(every))["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == sorted(CODES)
    assert all(each["help"]["text"] and each["shortDescription"]["text"] for each in rules)


@settings(max_examples=60)
@given(WORDS, WORDS, WORDS, st.data())
def test_any_text_fits_the_schema_and_comes_back(text: str, name: str, words: str, data: st.DataObject) -> None:
    source = Source(name or "a", text)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    finding = Diagnostic("N208", source.name, (first, last), {"name": words}, (), Fix(words, (first, last), words))
    (found,) = log([(finding, source)])["results"]
    message = finding.message.replace("](", "] (")
    assert found["message"]["text"].replace("{{", "{").replace("}}", "}") == message
    place = found["locations"][0]["physicalLocation"]
    assert unquote(place["artifactLocation"]["uri"]) == Path(source.name).as_posix()
    assert place["region"]["startLine"] == source.place(first).line
    assert place["region"]["endLine"] == source.place(last).line


def command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as its runner reads it: name, properties, message."""
    name, words, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()  # type: ignore[union-attr]
    properties = dict(each.split("=", 1) for each in words.split(","))
    for written, sign in (("%3A", ":"), ("%2C", ",")):
        properties = {key: value.replace(written, sign) for key, value in properties.items()}
    return name, {key: _signs(value) for key, value in properties.items()}, _signs(message)


def _signs(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@settings(max_examples=60)
@given(WORDS, WORDS)
def test_a_workflow_command_says_what_was_found(name: str, words: str) -> None:
    source = Source(name or "a", "one\ntwo three\n")
    finding = Diagnostic("N208", source.name, (8, 13), {"name": words}, note=words)
    shown = report([(finding, source)] * 2, "github")
    assert (len(shown.split("\n")), "\r" in shown) == (2, False)
    said, properties, message = command(shown.split("\n")[0])
    assert (said, message) == ("error", f"{finding.message}\nhelp: {finding.help}" if words else finding.message)
    where = {"line": "2", "endLine": "2", "col": "5", "endColumn": "10", "title": "N208"}
    assert properties == {"file": Path(source.name).as_posix(), **where}


def test_columns_stand_only_where_both_ends_are_on_one_line() -> None:
    found = Diagnostic("N208", "a", (0, 5), {"name": "x"})
    _, properties, _ = command(report([(found, Source("a", "one\ntwo\n"))], "github"))
    assert properties == {"file": "a", "line": "1", "endLine": "2", "title": "N208"}


def test_text_and_json_are_the_findings() -> None:
    found = findings()
    assert report(found, "text") == "\n\n".join(render(*each) for each in found)
    shown = json.loads(report(found, "json"))
    assert shown["findings"] == [json.loads(json.dumps(as_json(*each))) for each in found]
    assert (shown["errors"], shown["warnings"]) == (len(found), 0)


@pytest.mark.parametrize("form", FORMS)
def test_check_speaks_every_form(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.rules").write_text(TEXT)
    done = CliRunner().invoke(check_command, [str(tmp_path / "bad.rules"), "--format", form])
    assert done.exit_code == 1
    match form:
        case "text":
            assert done.output.endswith("1 program: 4 errors\n")
        case "json":
            assert json.loads(done.output)["errors"] == 4
        case "github":
            assert [command(each)[1]["file"] for each in done.output.splitlines()] == ["bad.rules"] * 4
        case _:
            schema().validate(json.loads(done.output))
            assert '"uri": "bad.rules"' in done.output, "a path below the folder is relative"


@pytest.mark.parametrize("name", ["places", "reporting"])
def test_examples_in_the_room_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"rules_engine.reports.{name}"))
    assert result.attempted
    assert result.failed == 0
