"""Project folders made from templates.

In: a kind, a title, a folder that is not there yet, or is empty. Out: the files written. Nothing is ever overwritten: a
folder in which anything stands is refused before the first file is made.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

KINDS: Final = ("hotel", "airline", "shop", "card", "telecom", "empty")
"""The kinds of programme there are templates for; `empty` has one event, one rule and one test."""

_TEMPLATES: Final = Path(__file__).parent / "templates"
_TITLE: Final = "New programme"
_TITLE_MAX: Final = 80
_COMMON: Final = (
    ("README.md", "README.md"),
    ("rules.yml", ".github/workflows/rules.yml"),
    ("gitignore", ".gitignore"),
)
_OWN: Final = (("programme.rules", "programme.rules"), ("event.json", "event.json"), ("member.json", "member.json"))


class CannotStart(Exception):  # noqa: N818 - what the person asked for cannot be done
    """Why no project was made, in a sentence."""


def start(kind: str, title: str, folder: Path) -> tuple[Path, ...]:
    """Make a project; the files that were written, in order. Raises `CannotStart`, and `OSError` where the system does.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "kiosk"
    >>> [str(each.relative_to(place)) for each in start("empty", "Kiosk", place)]
    ['programme.rules', 'event.json', 'member.json', 'README.md', '.github/workflows/rules.yml', '.gitignore']
    """
    _check_title(title)
    if folder.is_dir() and any(folder.iterdir()):
        raise CannotStart(f"the folder `{folder}` is not empty; name another with `--dir`")
    if folder.exists() and not folder.is_dir():
        raise CannotStart(f"`{folder}` is a file; name another place with `--dir`")
    written = []
    sources = [(_TEMPLATES / kind / name, made) for name, made in _OWN]
    sources += [(_TEMPLATES / "common" / name, made) for name, made in _COMMON]
    for template, made in sources:
        place = folder / made
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(template.read_text(encoding="utf-8").replace(_TITLE, title), encoding="utf-8")
        written.append(place)
    return tuple(written)


def folder_for(title: str) -> str:
    """The folder that a programme's title suggests.

    >>> folder_for("Birch & Finch"), folder_for("!")
    ('birch-finch', 'programme')
    """
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-") or "programme"


def _check_title(title: str) -> None:
    """A title stands between quotes in the rule file, and as a heading."""
    if not title.strip() or len(title) > _TITLE_MAX or not title.isprintable() or re.search(r'["\\<>`]', title):
        raise CannotStart(
            f"a title has 1 to {_TITLE_MAX} characters, on one line, without quotes, backslashes, backticks or `<>`"
        )
    if re.match(r"[/~]|\.{1,2}/|[A-Za-z]:", title):
        raise CannotStart(f"`{title}` looks like a folder; the name is what customers read, and `--dir` says where")
