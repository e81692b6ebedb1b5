"""Coverage as a page: every line has its mark, everything missed is named at its place, all text is escaped."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

from rules_engine.workbench import coverage_page, run_path
from rules_engine.workbench.coverage_html import coloured, lines_of

PROGRAM = """language 1
program "Cafe <b>" { currency GBP, rounded half up }
unit point, points { rounded down   lasts forever }
event purchase dated by day of customer identified by no {
  no: text   customer: member   day: date   shop: text   spent: money up to 99 GBP as list
}
earn "Base" as base { on purchase   give 1 point per 1 GBP of net }   # <script>alert(1)</script>
earn "Ten & more" {
  on        purchase
  when      net >= 10 GBP and shop is "</div><img src=x onerror=alert(1)>"
  give      5 points
}
earn "By shop" {
  on        purchase
  give      by shop {
              "A" or "B": 1 point
              otherwise:  2 points
            }
}
test "five" { given member {}   when purchase { day: 2027-03-01   shop: "A"   spent: 5 GBP }   then base 5 points }
test "twelve" { given member {}   when purchase { day: 2027-03-01   shop: "A"   spent: 12 GBP }   then base 12 points }
"""


class Seen(HTMLParser):
    """The tags of a page, and the text in it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(tmp_path: Path) -> tuple[str, dict[int, tuple[str, int, list[str]]]]:
    path = tmp_path / "cafe.rules"
    path.write_text(PROGRAM)
    tested = run_path(str(path), cover=True)
    source = tested.sources[str(path)]
    lines = {
        number: (str(line.mark), line.hits, line.never) for number, line in lines_of(tested.files[0], source).items()
    }
    return coverage_page("cafe.rules", list(tested.files), tested.sources), lines


def test_lines_are_marked(tmp_path: Path) -> None:
    _, lines = page_of(tmp_path)
    assert (lines[7][1], lines[16][1]) == (2, 2)
    assert [lines[number][0] for number in (7, 8, 10, 11, 16)] == ["all", "none", "some", "none", "all"]


def test_what_is_missed_stands_at_its_line(tmp_path: Path) -> None:
    _, lines = page_of(tmp_path)
    assert lines[8][2] == ['"Ten & more" never acts']
    assert lines[10][2][0].endswith("never holds")
    assert lines[11][2] == ["`give 5 points` never gives"]
    assert lines[17][2] == ["`otherwise: 2 points` is never taken"]
    assert 1 not in lines


def test_the_page_is_whole_and_escaped(tmp_path: Path) -> None:
    page, _ = page_of(tmp_path)
    seen = Seen()
    seen.feed(page)
    assert seen.open == []
    assert not {"script", "img"} & set(seen.tags)
    assert not re.search(r"https?:", page)
    text = "".join(seen.text)
    for line in PROGRAM.splitlines():
        assert line in text
    assert "`otherwise: 2 points` is never taken" in text
    assert "line 17" in text
    reached = re.search(r"(\d+)%: (\d+) of (\d+) are reached", text)
    assert reached is not None
    assert int(reached[1]) == int(reached[2]) * 100 // int(reached[3])


def test_links_lead_to_lines(tmp_path: Path) -> None:
    page, _ = page_of(tmp_path)
    targets = set(re.findall(r'id="([^"]+)"', page))
    links = re.findall(r'href="#([^"]+)"', page)
    assert links
    assert set(links) <= targets


def test_colours_lose_no_text() -> None:
    for text in (PROGRAM, '# a "\n\x00\nearn "x\ny" {', "", "\r\nuse shop\r\n"):
        plain = [html.unescape(re.sub(r"<[^>]*>", "", line)) for line in coloured(text)]
        assert plain == [line.rstrip("\r") for line in text.split("\n")]
        assert all(line.count("<span") == line.count("</span>") for line in coloured(text))


def test_a_file_that_is_not_at_hand_has_no_listing(tmp_path: Path) -> None:
    path = tmp_path / "cafe.rules"
    path.write_text(PROGRAM)
    tested = run_path(str(path), cover=True)
    assert 'class="rules"' not in coverage_page("x", list(tested.files), {})
