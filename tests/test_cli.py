"""The command `rules`, run as a person runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rules_engine.cli import COMMANDS
from rules_engine.spelling import normal_code
from tests.checkout_rules import TEXT as CHECKOUT
from tests.checkout_rules import line, order

RULES = Path(sys.executable).with_name("rules")
SHOP = """language 1
use shop

program "Corner Shop" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts for 24 months }

earn "Points" as base { on purchase   give 1 point per full 1 GBP of net }
earn "Quiet months" { on purchase   from 2027-01-10 until 2027-02-28   give 100% of base }
"""
TEST = """
test "quiet months double" {
  given member { joined: 2025-01-01 }
  when  purchase { bought_at: 2027-01-12 10:00
    lines | pieces | price     |
          | 2      | 10.50 GBP | }
  then  base 21 points, "Quiet months" AMOUNT points and nothing else
}
"""
LINE = {"sku": "s", "category": "toys", "pieces": 2, "price": "10.50"}
EVENT = {
    "event": "purchase",
    "order_no": "A1",
    "customer": "m",
    "bought_at": "2027-01-12T10:00:00Z",
    "channel": "web",
    "lines": [LINE],
}


def rules(*args: str | Path, cwd: Path, stdin: str | bytes = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        [RULES, *map(str, args)], cwd=cwd, input=given, capture_output=True, check=False, env=environment, timeout=300
    )
    found = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in found.stderr, found.stderr
    assert "\x1b[" not in found.stdout, "colour where nobody sees it"
    assert found.returncode == code, (found.stdout, found.stderr)
    return found


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.rules").write_text(SHOP + TEST.replace("AMOUNT", "21"))
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    (tmp_path / "member.json").write_text('{"joined": "2025-01-01"}')
    (tmp_path / "bad.rules").write_text(SHOP.replace("of base", "of bass"))
    (tmp_path / "bytes.rules").write_bytes(b"language 1\n\xff\xfe")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_help_teaches(tmp_path: Path) -> None:
    told = rules("--help", cwd=tmp_path).stdout
    for name in COMMANDS:
        assert f"\n  {name} " in told
        own = rules(name, "--help", cwd=tmp_path).stdout
        assert f"rules {name}" in own.split("Options:")[0].split("\n", 2)[2], "an example stands in the help"


def test_check(shop: Path) -> None:
    assert rules("check", "shop.rules", cwd=shop).stdout == "1 program: no mistakes found\n"
    told = rules("check", "bad.rules", cwd=shop, code=1).stdout
    assert "`bass`" in told
    assert "bad.rules:9:" in told
    found = json.loads(rules("check", "shop.rules", "bad.rules", "--format", "json", cwd=shop, code=1).stdout)
    assert found["errors"] == 1
    assert found["findings"][0]["file"] == "bad.rules"
    assert "there is no unit `<name>`" in rules("check", "--explain", "N208", cwd=shop).stdout
    (shop / "shop.txt").write_text(SHOP)
    assert rules("check", "shop.txt", cwd=shop).stdout == "1 program: no mistakes found\n"


def test_fmt(shop: Path) -> None:
    once = rules("fmt", "-", cwd=shop, stdin=SHOP).stdout
    assert rules("fmt", "-", cwd=shop, stdin=once).stdout == once
    untidy = shop / "untidy.rules"
    untidy.write_text(once.replace("currency GBP", "currency    GBP"))
    assert "would change untidy.rules" in rules("fmt", "--check", "untidy.rules", cwd=shop, code=1).stdout
    assert "+program" in rules("fmt", "--diff", "untidy.rules", cwd=shop, code=1).stdout
    assert "changed untidy.rules" in rules("fmt", "untidy.rules", cwd=shop).stdout
    assert untidy.read_text() == once
    assert rules("fmt", "--check", "untidy.rules", cwd=shop).stdout == ""
    assert "nothing to change" in rules("fmt", "--check", "-", cwd=shop, stdin=once).stderr
    assert "would change" in rules("fmt", "--check", "-", cwd=shop, stdin=once.lstrip() + "\n\n", code=1).stderr
    (shop / "broken.rules").write_text('earn "x" { gvie }\n')
    assert "broken.rules:1" in rules("fmt", "broken.rules", cwd=shop, code=1).stdout
    assert (shop / "broken.rules").read_text() == 'earn "x" { gvie }\n'
    half = 'unit coin,   coins { rounded down }\nearn "x" { gvie }\n'
    (shop / "broken.rules").write_text(half)
    would = rules("fmt", "--check", "broken.rules", cwd=shop, code=1).stdout
    assert would.endswith("would change broken.rules, but for what does not parse\n")
    done = rules("fmt", "broken.rules", cwd=shop, code=1)
    assert done.stdout.endswith("changed broken.rules, but for what does not parse\n")
    assert done.stderr == "1 file, 1 changed, 1 with what does not parse\n"
    assert (shop / "broken.rules").read_text() == half.replace(",   coins", ", coins")


def test_test(shop: Path) -> None:
    assert rules("test", "shop.rules", cwd=shop).stdout == "passed  quiet months double\n1 test: 1 passed\n"
    (shop / "wrong.rules").write_text(SHOP + TEST.replace("AMOUNT", "20"))
    told = rules("test", "wrong.rules", cwd=shop, code=1).stdout
    assert '"Quiet months" is 21 points, and the test expects 20 points' in told
    assert "give 100% of base" in told, "the explanation of the difference"
    assert "1 test: 0 passed, 1 failed" in told
    (found,) = json.loads(rules("test", "wrong.rules", "--format", "json", cwd=shop, code=1).stdout)
    assert (found["test"], found["passed"]) == ("quiet months double", False)
    assert "no tests found with `zzz`" in rules("test", "shop.rules", "-k", "zzz", cwd=shop, code=1).stdout


def test_explain(shop: Path) -> None:
    told = rules("explain", "shop.rules", "--event", "event.json", "--member", "member.json", cwd=shop).stdout
    assert "21 points" in told
    piped = rules(
        "explain", "shop.rules", "--event", "-", "--member", "member.json", "--format", "json",
        cwd=shop, stdin=json.dumps(EVENT),
    )  # fmt: skip
    assert json.loads(piped.stdout)["id"] == "A1"
    refused = rules("explain", "shop.rules", "--event", "-", cwd=shop, stdin='{"event": "purchas"}', code=1)
    assert refused.stderr == "error: `purchas` is not an event of this program; did you mean `purchase`?\n"


def test_score(shop: Path) -> None:
    events = [EVENT, {**EVENT, "order_no": "A2"}, {**EVENT, "order_no": "A3", "channel": "telex"}]
    (shop / "events.ndjson").write_text("".join(json.dumps(each) + "\n" for each in events))
    (shop / "members.csv").write_text("member,joined\nm,2025-01-01\n")
    files = ("--members", "members.csv", "--rejects", "rejects.csv", "--effects", "effects.ndjson")
    done = rules("score", "shop.rules", "--events", "events.ndjson", "--out", "out.csv", *files, cwd=shop, code=1)
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [
        ["read", "3", "3"],
        ["scored", "2", "2"],
        ["rejected", "1", "1"],
        ["given:", "84", "points"],
    ]
    out = (shop / "out.csv").read_text().splitlines()
    assert out[0] == "event,member,point,discount,fingerprint"
    assert [line.split(",")[:3] for line in out[1:]] == [["A1", "m", "42"], ["A2", "m", "42"]]
    assert "channel" in (shop / "rejects.csv").read_text()
    assert len((shop / "effects.ndjson").read_text().splitlines()) == 4


def test_explain_goes_on_from_a_run(shop: Path) -> None:
    (shop / "once.rules").write_text(SHOP + 'earn "Welcome" { on purchase   give 500 points   once per member }\n')
    (shop / "events.ndjson").write_text(json.dumps(EVENT) + "\n")
    (shop / "members.csv").write_text("member,joined\nm,2025-01-01\n")
    asked = ("explain", "once.rules", "--event", "event.json", "--member")
    assert '"Welcome": 500 points' in rules(*asked, "members.csv", cwd=shop).stdout
    files = ("--events", "events.ndjson", "--members", "members.csv", "--out", "out.csv", "--state", "state.json")
    rules("score", "once.rules", *files, cwd=shop)
    told = rules(*asked, "members.csv", "--state", "state.json", cwd=shop).stdout
    assert "once per member: 1 used, 0 left" in told
    (shop / "members.csv").write_text("member,joined\nn,2025-01-01\n")
    assert rules(*asked, "members.csv", cwd=shop, code=2).stderr == "error: `members.csv` has no member `m`\n"


def test_a_checkout_from_file_to_file(tmp_path: Path) -> None:
    (tmp_path / "checkout.rules").write_text(CHECKOUT)
    orders = [order(number, line("a", "food", 2, "9.00"), codes=("spring-20",)) for number in ("O1", "O2", "O3")]
    (tmp_path / "orders.ndjson").write_text("".join(json.dumps(each) + "\n" for each in orders))
    (tmp_path / "order.json").write_text(json.dumps(orders[0]))
    files = ("--events", "orders.ndjson", "--out", "out.csv", "--state", "state.json")
    done = rules("score", "checkout.rules", *files, cwd=tmp_path)
    assert done.stdout.splitlines()[-2:] == ["taken off: 7.20 GBP", '  basket, "Spring": 7.20 GBP']
    assert "say `--shared FILE` beside `--state`" in done.stderr
    (tmp_path / "state.json").unlink()
    done = rules("score", "checkout.rules", *files, "--shared", "shared.json", cwd=tmp_path)
    assert "--shared" not in done.stderr
    asked = ("explain", "checkout.rules", "--event", "order.json")
    assert "spring-20: set off" in rules(*asked, cwd=tmp_path).stdout
    again = rules(*asked, "--shared", "shared.json", cwd=tmp_path).stdout
    assert "spring-20: refused, used up (the customer reads: already used)" in again
    told = json.loads(rules(*asked, "--shared", "shared.json", "--format", "json", cwd=tmp_path).stdout)
    assert told["codes"][0]["reason"] == "used up"
    (tmp_path / "order.json").write_text(json.dumps({**orders[0], "codes": ["A-1", "a1"]}))
    answered = rules(*asked, cwd=tmp_path).stdout.splitlines()[-2:]
    assert [each.strip(" ├└│─") for each in answered] == [
        "A-1: refused, unknown code (the customer reads: not valid)",
        "a1: refused, presented before (the customer reads: already used)",
    ]
    (tmp_path / "order.json").write_text(json.dumps({**orders[0], "codes": ["A-1", 5]}))
    assert "`codes` of order: item 2: the list cannot be the number 5" in rules(*asked, cwd=tmp_path, code=1).stderr
    (tmp_path / "shared.json").write_text('{"version": 7}')
    assert "layout 7" in rules(*asked, "--shared", "shared.json", cwd=tmp_path, code=2).stderr


def test_codes(tmp_path: Path) -> None:
    done = rules("codes", "Spring", "--count", "2000", "-o", "spring.csv", cwd=tmp_path)
    assert done.stdout == "2,000 codes in spring.csv; one guess in 18,911,429 hits one\n"
    header, *codes = (tmp_path / "spring.csv").read_text().splitlines()
    assert (header, len({normal_code(code) for code in codes})) == ("code", 2000)
    assert all(re.fullmatch("SPRING-[3479CDFGHJKMNPQRTVWXY]{8}", code) for code in codes)
    for name in ("a.csv", "b.csv"):
        told = rules("codes", "", "--count", "3", "--length", "6", "--seed", "5", "-o", name, cwd=tmp_path)
        assert "for codes that customers get" in told.stderr
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()
    assert len((tmp_path / "a.csv").read_text()) == len("code\n") + 3 * 7
    (tmp_path / "shop.rules").write_text(
        CHECKOUT.replace('with code "SPRING20"', "with code from spring").replace(
            "group seasons", 'define spring = column "code" of "spring.csv"\ngroup seasons'
        )
    )
    typed = codes[0].lower().replace("-", " ")
    (tmp_path / "order.json").write_text(json.dumps(order("O1", line("a", "food", 2, "9.00"), codes=(typed,))))
    explained = rules("explain", "shop.rules", "--event", "order.json", cwd=tmp_path).stdout
    assert f'{typed}: set off "Spring"' in explained


def test_schema_and_vocabulary(shop: Path) -> None:
    schema = json.loads(rules("schema", "shop.rules", "purchase", cwd=shop).stdout)
    assert schema["properties"]["event"] == {"const": "purchase"}
    assert "did you mean `purchase`?" in rules("schema", "shop.rules", "purchas", cwd=shop, code=2).stderr
    assert "shop\n" in rules("vocabulary", cwd=shop).stdout
    assert "event purchase" in rules("vocabulary", "shop", cwd=shop).stdout
    assert "did you mean `shop`?" in rules("vocabulary", "shopp", cwd=shop, code=2).stderr


CANNOT: tuple[tuple[tuple[str, ...], str], ...] = (
    (("check", "nothing.rules"), "there is no file or folder `nothing.rules`"),
    (("check", "event.json"), "`event.json` is no rule file: no declaration stands in it; rule files end in `.rules`"),
    (("check",), "name a rule file or a folder, or say `--explain CODE`"),
    (("check", "--explain", "S121"), "there is no code `S121`; did you mean `S112`?"),
    (("check", "empty"), "the folder `empty` has no file that ends in `.rules`"),
    (("check", "bytes.rules"), "`bytes.rules` cannot be read: it is no UTF-8 text [F103]"),
    (("fmt", "bytes.rules"), "`bytes.rules` cannot be read: it is no UTF-8 text [F103]"),
    (("fmt", "-", "shop.rules"), "`-` reads what is piped in and stands alone"),
    (("test", "empty"), "the folder `empty` has no file"),
    (("test", "bad.rules"), "`bad.rules` has 1 error, so it cannot run"),
    (("explain", "bad.rules", "--event", "event.json"), "`bad.rules` has 1 error, so it cannot run"),
    (("explain", "shop.rules", "--event", "no.json"), "the event `no.json` cannot be read: no such file or directory"),
    (("explain", "shop.rules", "--event", "shop.rules"), "the event `shop.rules` is not JSON"),
    (("explain", "shop.rules", "--event", "event.json", "--state", "event.json"), "the state has layout no number"),
    (("schema", "nothing", "purchase"), "there is no file or folder `nothing`"),
    (("score", "shop.rules", "--out", "o.csv"), "say which events to score"),
    (("score", "shop.rules", "--events", "no.csv", "--out", "o.csv"), "`no.csv` cannot be read"),
    (("score", "shop.rules", "--events", "event.json", "--out", "o.csv"), "so its format is not known"),
    (("score", "shop.rules", "--mapping", "event.json", "--out", "o.csv"), "event.json"),
    (("codes", "A", "--count", "10", "-o", "shop.rules"), "`shop.rules` does not end in `.csv`"),
    (("codes", "A", "--count", "10", "-o", "no/a.csv"), "`no/a.csv` cannot be written: no such file or directory"),
    (("codes", "A", "--count", "0", "-o", "a.csv"), "a series has 1 to 1,000,000 codes, not 0"),
    (("codes", "A,", "--count", "1", "-o", "a.csv"), "`A,` cannot be the prefix of a code"),
    (("codes", "A", "--count", "9", "--length", "64", "-o", "a.csv"), "at most 64 signs with its prefix"),
    (
        ("codes", "A", "--count", "9999", "--length", "5", "-o", "a.csv"),
        "one try in 408 would hit one; say",
    ),
    (("chek",), "there is no command `chek`; did you mean `check`?"),
)


@pytest.mark.parametrize(("args", "words"), CANNOT, ids=[" ".join(args) for args, _ in CANNOT])
def test_what_cannot_run_is_one_line_on_stderr(shop: Path, args: tuple[str, ...], words: str) -> None:
    done = rules(*args, cwd=shop, code=2)
    assert words in done.stderr
    assert not (shop / "o.csv").exists()


def test_codes_that_are_out_are_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("code\nMINE\n")
    done = rules("codes", "A", "--count", "10", "-o", "a.csv", cwd=tmp_path, code=2)
    assert "`a.csv` is there already: codes that are out must not be lost" in done.stderr
    assert (tmp_path / "a.csv").read_text() == "code\nMINE\n"


def test_a_broken_state_stops_the_run(shop: Path) -> None:
    (shop / "events.ndjson").write_text(json.dumps(EVENT) + "\n")
    (shop / "state.json").write_text("{")
    files = ("--events", "events.ndjson", "--out", "out.csv", "--state", "state.json")
    assert "state.json` is broken" in rules("score", "shop.rules", *files, cwd=shop, code=2).stderr
    assert not (shop / "out.csv").exists()


COVERED = """
earn "Large" { on purchase   when net >= 100 GBP   give 5 points }
test "a small order" {
  given member {}
  when  purchase { bought_at: 2027-01-12 10:00
    lines | pieces | price   |
          | 1      | 8.00 GBP | }
  then  "Large" not applied
}
"""


def test_coverage(shop: Path) -> None:
    (shop / "covered.rules").write_text(SHOP + COVERED)
    done = rules("test", "covered.rules", "--coverage", cwd=shop)
    line = (SHOP + COVERED).split("\n").index('earn "Large" { on purchase   when net >= 100 GBP   give 5 points }') + 1
    assert f'  covered.rules:{line} "Large" is never' not in done.stdout
    assert f'  covered.rules:{line} "Large" never acts\n' in done.stdout
    assert f"  covered.rules:{line} `net >= 100 GBP` never holds\n" in done.stdout
    told = json.loads(rules("test", "covered.rules", "--coverage", "--format", "json", cwd=shop).stdout)
    (file,) = told["coverage"]["files"]
    assert [test["passed"] for test in told["tests"]] == [True]
    assert {"line": line, "kind": "condition", "what": "`net >= 100 GBP`", "side": "holds"} in file["missed"]
    seen = {"line": line, "kind": "condition", "what": "`net >= 100 GBP`", "seen": {"holds": 0, "fails": 1}}
    assert seen in file["points"]
    percent = told["coverage"]["percent"]
    assert 0 < percent < 100
    rules("test", "covered.rules", "--coverage-min", str(percent), cwd=shop)
    failed = rules("test", "covered.rules", "--coverage-min", str(percent + 1), cwd=shop, code=1)
    assert failed.stderr == f"error: coverage is below {percent + 1}%\n"
