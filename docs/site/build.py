"""The site of the documents: `python -m docs.site.build` makes `out/site`, which works without a network.

In: README, the language pages, docs/, the examples, the table of codes and the lints. The pages are put together in
`out/site-pages` and given to zensical. They are what stands in the repository, but for this: a link to a rule file goes
to a page of that file, in colour; a link to code has only its words left; a page for each diagnostic code is made
(`codes.py` of this folder). What the site holds, and in which order, is `NAV`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from docs.site import codes

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
OUT: Final = ROOT / "out"

NAV: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Start", ("README.md", "docs/tutorial.md", "docs/cookbook.md", "examples/README.md")),
    (
        "The language",
        ("grammar/README.md", "grammar/offers.md", "grammar/owning.md", "docs/reference.md", "docs/limits.md"),
    ),
    (
        "Tools",
        (
            "docs/lint.md", "docs/testing.md", "docs/diff.md", "docs/explain.md", "docs/doc.md", "docs/new.md",
            "docs/lsp.md", "docs/editors.md", "docs/ci.md", "docs/plan.md", "docs/files.md",
        ),
    ),
    ("For engineers", ("docs/embedding.md", "docs/hosts.md", "docs/batch.md", "docs/sizing.md", "docs/agreement.md")),
    ("Examples", ("examples/*/README.md",)),
    ("Coming from", ("docs/coming-from/README.md", "docs/coming-from/*.md")),
    ("Findings", (codes.INDEX,)),
    ("The project", ("ARCHITECTURE.md", "docs/decisions/README.md", "docs/*.md", "CONTRIBUTING.md", "CHANGELOG.md")),
)  # fmt: skip
"""The sections and their pages, by patterns; a page stands where it is named first. Pages that are named nowhere are
reached by links."""


def build(out: Path = OUT) -> Path:
    """Make the site; gives its folder. Raises `SiteError` where zensical warns of a page."""
    stage, site = out / "site-pages", out / "site"
    for old in (stage, site):
        shutil.rmtree(old, ignore_errors=True)
    pages = staged()
    for name, text in pages.items():
        place = stage / "pages" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (stage / "pages" / "assets").mkdir()
    for name in ("iframe-worker.js", "site.css"):
        shutil.copy(HERE / name, stage / "pages" / "assets")
    config = (HERE / "zensical.toml").read_text(encoding="utf-8")
    (stage / "zensical.toml").write_text(config.replace("#NAV\n", _nav(pages)), encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=stage, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SiteError(done.stdout + done.stderr)
    (stage / "site").rename(site)
    return site


class SiteError(Exception):
    """The site cannot be made; the text says which pages are at fault."""


# ---- what is in it ----


def documents() -> list[Path]:
    """The pages that are written by hand."""
    found = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    found += [*(ROOT / "grammar").glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted(found)


def staged() -> dict[str, str]:
    """All pages by name, with links and blocks as the site wants them."""
    written = {_name(path): path.read_text(encoding="utf-8") for path in documents()}
    made = codes.pages()
    rule_files = sorted({target for name, text in written.items() for target in _rule_files(name, text)})
    pages = {name: _page(name, text, {*written, *made, *rule_files}) for name, text in (written | made).items()}
    for name in rule_files:
        text = (ROOT / name).read_text(encoding="utf-8")
        pages[f"{name}.md"] = f"# {name}\n\n```rules\n{text.rstrip()}\n```\n"
    return {("index.md" if name == "README.md" else name): text for name, text in pages.items()}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _nav(pages: dict[str, str]) -> str:
    lines = ["nav = ["]
    for title, names in sections(set(pages)):
        shown = ", ".join(f'"{name}"' for name in names)
        lines.append(f'  {{ "{title}" = [{shown}] }},')
    return "\n".join([*lines, "]", ""])


def sections(pages: set[str]) -> Iterator[tuple[str, list[str]]]:
    """The sections with the pages that are there."""
    taken: set[str] = set()
    named = {pattern for _, patterns in NAV for pattern in patterns}
    for title, patterns in NAV:
        found: list[str] = []
        for pattern in patterns:
            if "*" in pattern:
                alike = sorted(name for name in pages - named if PurePosixPath(name).match(pattern))
                fits = [name for name in alike if name.count("/") == pattern.count("/")]
            else:
                fits = [name for name in ("index.md" if pattern == "README.md" else pattern,) if name in pages]
            found += [name for name in fits if name not in taken]
            taken.update(fits)
        yield title, found


# ---- a page ----

_FENCE: Final = re.compile(r"^```(\w+)[^\n]*$", re.MULTILINE)
_LINK: Final = re.compile(r"(?<!!)\[((?:[^\[\]`]|`[^`\n]*`)+)\]\(([^()\s]+)\)")
_FENCED: Final = re.compile(r"(^```\w*[^\n]*$.*?^```$)", re.MULTILINE | re.DOTALL)


def _page(name: str, text: str, known: set[str]) -> str:
    """A page with its fences bare and its links led to pages."""
    bare = _FENCE.sub(r"```\1", text)
    parts = _FENCED.split(bare)
    return "".join(
        part if number % 2 else _LINK.sub(lambda found: _led(name, found, known), part)
        for number, part in enumerate(parts)
    )


def _led(page: str, link: re.Match[str], known: set[str]) -> str:
    """A link as the site has it: to a page, to another site, or its words alone."""
    words, target = link[1], link[2]
    if re.match(r"\w+:", target) or target.startswith("#"):
        return link[0]
    path, hash_, anchor = target.partition("#")
    name = _resolved(page, path)
    for found in (name, f"{name}/README.md"):
        if found in known:
            shown = f"{found}.md" if found.endswith(".rules") else "index.md" if found == "README.md" else found
            return f"[{words}]({os.path.relpath(shown, PurePosixPath(page).parent)}{hash_}{anchor})"
    return words


def broken_links() -> list[str]:
    """The links of the pages that lead to no file."""
    found: list[str] = []
    for path in documents():
        for link in _LINK.finditer(_FENCED.sub("", path.read_text(encoding="utf-8"))):
            target = link[2].partition("#")[0]
            if target and not re.match(r"\w+:", target) and not (ROOT / _resolved(_name(path), target)).exists():
                found.append(f"{_name(path)}: there is no {target}")
    return found


def _resolved(page: str, target: str) -> str:
    return os.path.normpath(PurePosixPath(page).parent / target)


def _rule_files(page: str, text: str) -> Iterator[str]:
    """The rule files that a page links to."""
    for link in _LINK.finditer(text):
        name = _resolved(page, link[2].partition("#")[0])
        if name.endswith(".rules") and (ROOT / name).is_file():
            yield name


def main() -> int:
    """Build the site and say where it is."""
    missing = broken_links()
    try:
        if missing:
            raise SiteError("\n".join(missing))
        site = build()
    except SiteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{site.relative_to(ROOT)}: {sum(1 for _ in site.rglob('*.html'))} pages\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
