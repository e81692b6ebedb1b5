"""The frame around a page's parts: head, style, body.

In: a title and the body's markup. Out: a whole HTML file. The style is `page.css` of this room, so that all pages of
the project look alike, by day, by night and on paper. A policy in the head forbids the browser to fetch or run
anything, should a text ever get through as markup.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from rules_engine.pages.parts import Markup, escape

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str, style: str = "") -> str:
    """A whole page. The title is escaped; the body is markup; `style` is more CSS, for this page alone.

    >>> shown = page("Gold & Silver", "<h1>Tiers</h1>")
    >>> "<title>Gold &amp; Silver</title>" in shown, shown.rstrip().endswith("</html>")
    (True, True)
    """
    return "\n".join([*_head(title, style), "<body>", "<main>", body, "</main>", "</body>", "</html>", ""])


def _head(title: str, style: str) -> list[str]:
    return [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_css()}{Markup(style)}</style>",
        "</head>",
    ]


@cache
def _css() -> str:
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
