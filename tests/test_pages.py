"""Pages: whatever text goes in is shown as text, and nothing is fetched."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules_engine.pages import Markup, bullets, element, escape, fold, join, page, table


class Read(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")))


@given(PRINTABLE)
def test_a_text_stays_a_text_wherever_it_goes(text: str) -> None:
    for made in (element("p", text), fold(text, text), bullets([text]), table([text], [[text]]), join([text])):
        assert {"script", "img", "b"}.isdisjoint(Read(made).tags)
        assert text in Read(made).text
    assert Read(element("p", title=text)).attributes == [("title", text)]


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><b>", "]]>", "\x00<b>"]
)
def test_a_page_holds_no_foreign_tag(evil: str) -> None:
    made = page(evil, join([element("h1", evil), table(["rule"], [[evil]]), fold(evil, evil)]))
    assert set(Read(made).tags) <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "table", "thead", "tbody", "tr", "th", "td",
        "details", "summary",
    }  # fmt: skip
    assert not [value for name, value in Read(made).attributes if name in ("src", "href")]
    assert "\x00" not in made


def test_markup_is_taken_as_it_is_and_only_markup() -> None:
    assert escape(escape("<")) == "&lt;"
    assert isinstance(escape("<"), Markup)
    assert escape(Markup("<b>")) == "<b>"
    assert join(["<", Markup("<hr>")], "") == "&lt;<hr>"


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["1,000", "20"], True),
        (["10 points", "-3.50 GBP"], True),
        (["5%", ""], True),
        (["5", "none"], False),
        ([""], False),
    ],
)
def test_columns_of_numbers_stand_to_the_right(cells: list[str], right: bool) -> None:
    assert ('<th class="n">' in table(["amount"], [[cell] for cell in cells])) is right
