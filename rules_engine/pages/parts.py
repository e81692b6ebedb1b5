"""The parts of a page: escaped texts, elements, tables, lists, and what can be folded.

In: texts, which are escaped, or markup, which is not. Out: `Markup`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

_VOID: Final = frozenset(("br", "col", "hr", "img", "wbr"))
_NUMBER: Final = re.compile(r"[-+−]?[\d,_]+(?:\.\d+)?(?: ?%| [\w ]{1,24})?")


class Markup(str):
    """A text that is HTML already: escaping leaves it as it is.

    >>> escape(Markup("<b>5</b>")), escape("<b>5</b>")
    ('<b>5</b>', '&lt;b&gt;5&lt;/b&gt;')
    """

    __slots__ = ()


def escape(text: object) -> Markup:
    """A text as HTML that shows it; good between tags and inside quotes.

    Control characters that no HTML file may hold are shown as a replacement mark.

    >>> escape('5 < 6 & "7"')
    '5 &lt; 6 &amp; &quot;7&quot;'
    """
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_CONTROL.sub("\ufffd", str(text)), quote=True))


_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")


def join(parts: Iterable[str], between: str = "\n") -> Markup:
    """Parts one behind the other; plain texts among them are escaped.

    >>> join([element("b", "Gold"), "& more"], " ")
    '<b>Gold</b> &amp; more'
    """
    return Markup(escape(between).join(escape(part) for part in parts))


def element(tag: str, *children: str, **attributes: str | None) -> Markup:
    """An element. An attribute's name loses its last `_` (`class_`), other `_` are hyphens; None leaves it out.

    >>> element("p", "more than ", element("b", "5"), class_="note", data_rule="<A>", id=None)
    '<p class="note" data-rule="&lt;A&gt;">more than <b>5</b></p>'
    >>> element("br")
    '<br>'
    """
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{said}>" + ("" if tag in _VOID else f"{join(children, '')}</{tag}>"))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> Markup:
    """A table; a column whose cells are all numbers (with a unit or not) stands to the right.

    >>> print(table(["rule", "points"], [["Base", "1,000"], ["<b>", "20"]]))
    <table>
    <thead><tr><th>rule</th><th class="n">points</th></tr></thead>
    <tbody>
    <tr><td>Base</td><td class="n">1,000</td></tr>
    <tr><td>&lt;b&gt;</td><td class="n">20</td></tr>
    </tbody>
    </table>
    """
    listed = [list(row) for row in rows]
    right = [_numbers([row[place] for row in listed if place < len(row)]) for place in range(len(head))]
    lines = [
        element("tr", *[element("td", cell, class_="n" if right[place] else None) for place, cell in enumerate(row)])
        for row in listed
    ]
    top = element("tr", *[element("th", name, class_="n" if right[place] else None) for place, name in enumerate(head)])
    said = [element("caption", caption)] if caption else []
    body = Markup("<tbody>\n" + "".join(f"{line}\n" for line in lines) + "</tbody>")
    return Markup("\n".join(["<table>", *said, element("thead", top), body, "</table>"]))


def _numbers(cells: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell]
    return bool(said) and all(_NUMBER.fullmatch(cell) for cell in said)


def bullets(entries: Iterable[str]) -> Markup:
    """A list, or nothing where there is no entry.

    >>> bullets(["a < b"]), bullets([])
    ('<ul>\\n<li>a &lt; b</li>\\n</ul>', '')
    """
    listed = [element("li", entry) for entry in entries]
    return Markup("<ul>\n" + "\n".join(listed) + "\n</ul>") if listed else Markup("")


def fold(summary: str, body: str, opened: bool = False) -> Markup:
    """What is shown when its summary is pressed; it needs no script.

    >>> fold("Base points", element("p", "1,000 points"))
    '<details><summary>Base points</summary>\\n<p>1,000 points</p>\\n</details>'
    """
    start = "<details open>" if opened else "<details>"
    return Markup(f"{start}{element('summary', summary)}\n{escape(body)}\n</details>")
