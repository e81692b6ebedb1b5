"""The site of the documents: whole, nothing fetched, every link leads somewhere, and its search works from a folder."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("zensical")

from docs.site import build, codes, reference, refusals
from rules_engine.codes import CODES
from rules_engine.linting import LINTS

ROOT = Path(__file__).resolve().parent.parent
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "object": "data"}


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built without a warning."""
    return build.build(tmp_path_factory.mktemp("out"))


class Page:
    """What a page links to, fetches, and can be linked to. A parser for HTML takes five times as long for all pages."""

    def __init__(self, text: str) -> None:
        code = re.sub(r"<(script|style)\b([^>]*)>.*?</\1>", r"<\1\2>", text, flags=re.DOTALL)
        tags = re.findall(r"<(\w+)((?:\s+[\w:.@-]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?)*)\s*/?>", code)
        named = [(tag, dict(re.findall(r"([\w-]+)=[\"']?([^\"'>]*)", words))) for tag, words in tags if "=" in words]
        self.anchors = {unescape(each["id"]) for _, each in named if "id" in each}
        self.links = [unescape(each["href"]) for tag, each in named if tag == "a" and "href" in each]
        self.fetched = [unescape(each[FETCHED[tag]]) for tag, each in named if FETCHED.get(tag, "") in each]


@cache
def _page(path: Path) -> Page:
    """The article of a page; what stands around it is the same on all, and read on those of a folder of their own."""
    text = path.read_text(encoding="utf-8")
    return Page(text if path.name == "index.html" else text[text.index("<article") : text.index("</article>")])


def _html(site: Path) -> list[Path]:
    return [path for path in sorted(site.rglob("*.html")) if path.name != "404.html"]


def test_no_link_between_documents_is_broken() -> None:
    assert build.broken_links() == []


def test_every_page_is_there(site: Path) -> None:
    for name in build.staged():
        assert (site / name).with_name(_file(name)).is_file(), name


def _file(name: str) -> str:
    """The file of a page; a folder's README is its index."""
    stem = Path(name).name.removesuffix(".md")
    return "index.html" if stem == "README" else f"{stem}.html"


def test_every_document_has_its_place_in_the_list() -> None:
    """Once; only decisions are found by their own list, and rule files and codes by links."""
    listed = [name for _, names in build.sections(set(build.staged())) for name in names]
    assert len(listed) == len(set(listed))
    written = {path.relative_to(ROOT).as_posix() for path in build.documents()} - {"README.md"}
    unlisted = {name for name in written - set(listed) if not re.fullmatch(r"docs/decisions/\d{4}-.*", name)}
    assert unlisted == set()


def test_every_link_leads_to_a_page_and_to_a_place_in_it(site: Path) -> None:
    lost: list[str] = []
    for path in _html(site):
        for link in (*_page(path).links, *_page(path).fetched):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target.suffix == ".html" and anchor not in _page(target).anchors):
                lost.append(f"{path.relative_to(site)}: {link}")
    assert lost == []


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for path in _html(site):
        fetched = [each for each in _page(path).fetched if re.match(r"(?:\w+:)?//", each)]
        assert fetched == [], path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_every_code_has_a_page_that_says_it(site: Path) -> None:
    assert {name.split("/")[-1].removesuffix(".md") for name in codes.pages()} - {"README"} == {
        *CODES,
        *(lint.code for lint in LINTS),
    }
    for code, row in CODES.items():
        text = (site / "docs" / "codes" / f"{code}.html").read_text(encoding="utf-8")
        assert escape(re.sub("`", "", row.title), quote=False) in re.sub("</?code>", "", text)


def test_the_examples_of_codes_are_what_is_printed_of_them() -> None:
    """The finding is in the example, at the place that is underlined."""
    found = codes.examples()
    assert len(found) > 300
    for code, example in found.items():
        assert re.match(rf"(?:error|warning)\[{code}\]: ", example.printed)
        place = re.search(r"--> example\.rules:(\d+):\d+\n.*\n +\d+ \| (.*)", example.printed)
        assert place is not None, code
        line = example.text.split("\n")[int(place[1]) - 1]
        assert line == place[2] or not line.isprintable() or len(line) > 120, code
        assert "# !" not in example.text


def test_what_is_refused_at_the_boundary_is_tried() -> None:
    """Each change of the event and of the state is refused for a code of its own, but for one that shares its code."""
    changes = len(refusals.CHANGES) + len(refusals.STATES)
    assert changes - 1 <= len(refusals.refusals()) <= changes
    assert all(code[0] == "V" for code in refusals.refusals())
    assert set(refusals.failures()) == {"X510", "X512"}


def test_rule_blocks_are_in_colour(site: Path) -> None:
    page = (site / "grammar" / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<span class="kd">earn</span>', page)
    assert "```" not in re.sub(r"<(code|script).*?</\1>", "", page, flags=re.DOTALL)
    retail = (site / "examples" / "retail" / "retail.rules.html").read_text(encoding="utf-8")
    assert retail.count('<span class="kd">') > 10


def _index(site: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    return found


def test_the_search_knows_every_page(site: Path) -> None:
    known = {item["location"].partition("#")[0] for item in _index(site)}
    assert {path.relative_to(site).as_posix() for path in _html(site)} <= known | {"index.html"}
    text = " ".join(item["title"] + " " + item["text"] for item in _index(site))
    for word in ("M170", "holdout", "shortfall", "half even"):
        assert word in text


ROOTS = "[...document.querySelectorAll('*')].map(each => each.shadowRoot).filter(each => each)"
FIELD = f"return {ROOTS}.map(each => each.querySelector('input[role=combobox]')).find(each => each)"
FOUND = f"return {ROOTS}.map(each => each.querySelector('[role=listbox]')?.textContent ?? '').join()"


def test_the_search_works_from_a_folder_without_a_network(site: Path) -> None:
    """In a real browser, for which no name of a host exists."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.skip("no chromium here")
    selenium = pytest.importorskip("selenium.webdriver")
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    options = selenium.ChromeOptions()
    options.binary_location = browser
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--window-size=1200,900",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with selenium.Chrome(options=options, service=selenium.ChromeService(driver)) as window:
        window.get((site / "docs" / "hosts.html").as_uri())
        wait = WebDriverWait(window, 60)
        wait.until(lambda seen: seen.find_element(By.CLASS_NAME, "md-search__button")).click()
        field = wait.until(lambda seen: seen.execute_script(FIELD))
        field.send_keys("same limit twice")
        wait.until(lambda seen: "M170" in seen.execute_script(FOUND))
        assert [each for each in window.get_log("browser") if each["level"] == "SEVERE"] == []


def test_the_reference_is_made_of_the_records(update_golden: bool) -> None:
    if update_golden:
        reference.PAGE.write_text(reference.reference(), encoding="utf-8")
    assert reference.PAGE.read_text(encoding="utf-8") == reference.reference()
