"""JUnit XML: read back by a library and held to what CI systems accept."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
from junitparser import Error, Failure, JUnitXml

from rules_engine.source import Source
from rules_engine.workbench import TestResult, chosen, junit, run_path

PROGRAM = """language 1
program "Cafe" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   spent: money up to 99 GBP as list
}
earn "Base" as base { on purchase   give 1 point per 1 GBP of net }
test "five & <six>" { given member {}   when purchase { day: 2027-03-01   spent: 5 GBP }   then base 5 points }
test "too much" { given member {}   when purchase { day: 2027-03-01   spent: 5 GBP }   then base 6 points, base 7 }
test "cannot be" { given member {}   when purchase { day: 2027-03-01   spent: 500 GBP }   then base 5 points }
"""

# What the schemas of Jenkins and of GitLab know, and the place that pytest writes too: elements, attributes, what a
# number is.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"name", "classname", "file", "line", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error"},
    "failure": set[str](),
    "error": set[str](),
}


def of(tmp_path: Path, text: str = PROGRAM) -> str:
    path = tmp_path / "cafe.rules"
    path.write_text(text)
    return junit(run_path(str(path)).results)


def held(xml: str) -> ElementTree.Element:
    """The root of a file that keeps to the schemas."""
    root = ElementTree.fromstring(xml)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag], element.tag
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        for name in ("tests", "failures", "errors", "skipped", "line"):
            assert element.attrib.get(name, "0").isdigit()
        assert re.fullmatch(r"\d+\.\d{3}", element.attrib.get("time", "0.000"))
    for suite in root:
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert int(suite.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
        assert int(suite.attrib["errors"]) == sum(case.find("error") is not None for case in cases)
        assert all(len(case) <= 1 for case in cases)
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    return root


def test_the_file_keeps_to_the_schemas(tmp_path: Path) -> None:
    root = held(of(tmp_path))
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }


def test_a_library_reads_it_back(tmp_path: Path) -> None:
    (suite,) = JUnitXml.fromstring(of(tmp_path).encode())
    passed, failed, stopped = suite
    assert [case.name for case in suite] == ["five & <six>", "too much", "cannot be"]
    assert passed.is_passed
    (failure,), (error,) = failed.result, stopped.result
    assert isinstance(failure, Failure)
    assert isinstance(error, Error)
    assert failure.message == '"Base" is 5 points, and the test expects 6 points'
    assert "the test expects 7" in failure.text
    assert "  because `give 1 point per 1 GBP of net` comes to 5 points: net is 5.00 GBP" in failure.text
    assert error.type == "X512"


def test_a_test_is_found_by_file_and_line(tmp_path: Path) -> None:
    cases = [each.attrib for each in held(of(tmp_path)).iter("testcase")]
    assert [each["line"] for each in cases] == ["8", "9", "10"]
    assert {each["file"] for each in cases} == {str(tmp_path / "cafe.rules")}
    assert {each["classname"] for each in cases} == {f"{tmp_path.name}.cafe"}


def test_what_xml_cannot_hold_is_written_out(tmp_path: Path) -> None:
    """A parser would refuse such characters, escaped or not; titles with them come from nobody but an attacker."""
    text = PROGRAM.replace("too much", "a\x07b]]>\x7f \U0001f600")
    (tmp_path / "cafe.rules").write_text(PROGRAM)
    tested = run_path(str(tmp_path / "cafe.rules"))
    assert tested.checked is not None
    bad = chosen(tested.checked)[1]
    title = bad.test.title
    strange = msgspec.structs.replace(title, value="a\x07b]]>\ud800 \U0001f600\x00")
    case = msgspec.structs.replace(
        bad, test=msgspec.structs.replace(bad.test, title=strange), source=Source("a\x1bb", text)
    )
    root = held(junit([TestResult(case, tested.results[1].findings)]))
    assert [each.attrib["name"] for each in root.iter("testcase")] == ["a\\u0007b]]>\\ud800 \U0001f600\\u0000"]
    assert next(iter(root)).attrib["name"] == "a\\u001bb"


def test_no_tests_are_no_suites() -> None:
    root = ElementTree.fromstring(junit([]))
    assert root.attrib["tests"] == "0"
    assert list(root) == []
