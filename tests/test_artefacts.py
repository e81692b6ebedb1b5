"""The cache of compiled programs, by those who would poison it: whatever stands there, no result changes, nothing of it
is executed, and nothing outside the folder is touched."""

from __future__ import annotations

import hashlib
import os
import stat
import warnings
from typing import TYPE_CHECKING

import msgspec
import pytest

from rules_engine import artefacts, ir, pipeline
from rules_engine.folders import Folder
from rules_engine.outcome import EventRefused
from rules_engine.source import Source

if TYPE_CHECKING:
    from pathlib import Path

SHOP = [Source("shop.rules", 'language 1\nuse shop\nprogram "A" { currency GBP, rounded half up   timezone "UTC" }\n')]
OTHER = [Source("shop.rules", SHOP[0].text.replace('"A"', '"B"'))]

only_posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners here")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache's folder, of this test alone; not made yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("RULES_ENGINE_CACHE", raising=False)
    return tmp_path / "rules_engine"


@pytest.fixture
def entry(place: Path) -> Path:
    """The artefact of `SHOP`."""
    pipeline.compile_core(SHOP)
    (file,) = place.glob("*.program")
    return file


def known(sources: list[Source]) -> artefacts.Artefact | None:
    return artefacts.kept(artefacts.key_of(sources), Folder(None))


def written(artefact: artefacts.Artefact) -> bytes:
    """What an attacker writes who knows the format: the digest fits."""
    payload = msgspec.msgpack.encode(artefact)
    return hashlib.sha256(payload).digest() + payload


def title(sources: list[Source]) -> str:
    return pipeline.compile_core(sources)[0].header.title


# ---- what is written ----


def test_only_the_user_can_read_and_write_it(place: Path, entry: Path) -> None:
    assert known(SHOP) is not None
    if hasattr(os, "geteuid"):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert [each.name for each in place.iterdir()] == [entry.name], "no draft is left"


def test_the_oldest_go_and_so_do_drafts_of_the_dead(place: Path, entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "KEPT_MAX", 1)
    os.utime(entry, (1, 1))
    for number in range(20):
        draft = place / f"{number}.draft"
        draft.write_bytes(b"")
        os.utime(draft, (number, number))
    pipeline.compile_core(OTHER)
    assert not entry.exists()
    assert known(OTHER) is not None
    assert {each.name for each in place.glob("*.draft")} == {f"{number}.draft" for number in range(12, 20)}


# ---- content that is not what it says ----


def test_a_digest_that_does_not_fit(entry: Path) -> None:
    content = bytearray(entry.read_bytes())
    for at in (0, 31, 32, len(content) // 2, len(content) - 1):
        bad = bytearray(content)
        bad[at] ^= 1
        entry.write_bytes(bad)
        assert known(SHOP) is None
        assert title(SHOP) == "A"
        assert entry.read_bytes() == content, "written anew"


def test_the_entry_of_another_program_under_this_key(place: Path, entry: Path) -> None:
    good = entry.read_bytes()
    pipeline.compile_core(OTHER)
    (other,) = [each for each in place.glob("*.program") if each != entry]
    entry.write_bytes(other.read_bytes())
    assert known(SHOP) is None
    assert title(SHOP) == "A"
    assert entry.read_bytes() == good


def test_an_entry_whose_digest_fits_and_whose_types_do_not(entry: Path) -> None:
    good = msgspec.msgpack.decode(entry.read_bytes()[32:])
    for bad in (
        None,
        [],
        [*good[:3], {}],
        [*good[:3], {**good[3], "rules": [{"key": "x"}]}],
        [good[0], {"../../secret": "0" * 64}, *good[2:]],
    ):
        payload = msgspec.msgpack.encode(bad)
        entry.write_bytes(hashlib.sha256(payload).digest() + payload)
        assert known(SHOP) is None
        assert title(SHOP) == "A"


def test_an_entry_that_claims_to_be_huge_or_endless(entry: Path) -> None:
    for payload in (b"\xdd\xff\xff\xff\xff", b"\x94" * 200_000, b"\xc6\xff\xff\xff\xff"):
        entry.write_bytes(hashlib.sha256(payload).digest() + payload)
        assert known(SHOP) is None
    assert title(SHOP) == "A"


def test_a_pickle_is_not_unpickled(entry: Path, tmp_path: Path) -> None:
    """The classic: bytes that run a command where they are unpickled."""
    seen = tmp_path / "seen"
    payload = f"cos\nsystem\n(S'touch {seen}'\ntR.".encode()
    for content in (payload, hashlib.sha256(payload).digest() + payload):
        entry.write_bytes(content)
        assert title(SHOP) == "A"
    assert not seen.exists()


def test_no_text_of_a_core_becomes_code(entry: Path, tmp_path: Path) -> None:
    """Whoever can write as the user can change what a program means; even so no text in a core is executed."""
    seen = tmp_path / "seen"
    evil = f"'\"\\\n); __import__('pathlib').Path({str(seen)!r}).touch() #"
    found = known(SHOP)
    assert found is not None

    def turned(value: object) -> object:
        if isinstance(value, str):
            return f"{value}{evil}"
        if isinstance(value, dict):
            return {name: each if name == "type" else turned(each) for name, each in value.items()}
        return [turned(each) for each in value] if isinstance(value, list) else value

    plain = msgspec.to_builtins(found.core)
    plain["header"]["title"] = evil
    plain["files"] = [evil]
    for event in plain["events"]:
        for field in (*event["fields"], *(event["lines"]["fields"] if event["lines"] else ())):
            field["choices"] = turned(field["choices"])
    core = msgspec.convert(plain, ir.Program)
    entry.write_bytes(written(msgspec.structs.replace(found, core=core)))
    program = pipeline.load([*SHOP])
    assert program.core.header.title == evil, "read, since it is the user's own word"
    for event in program.core.events:
        for sent in ({"event": event.name}, {"event": evil}):
            with pytest.raises(EventRefused):
                program.score(sent)
    assert not seen.exists()


# ---- files and folders that are not the user's ----


@only_posix
def test_a_link_is_not_followed(entry: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(entry.read_bytes())
    entry.unlink()
    entry.symlink_to(elsewhere)
    assert known(SHOP) is None
    before = elsewhere.read_bytes()
    assert title(SHOP) == "A"
    assert not entry.is_symlink(), "replaced"
    assert elsewhere.read_bytes() == before, "and what it led to is as it was"


@only_posix
def test_a_second_name_of_a_file_is_not_read(entry: Path, tmp_path: Path) -> None:
    os.link(entry, tmp_path / "second")
    assert known(SHOP) is None
    (tmp_path / "second").unlink()
    assert known(SHOP) is not None


@only_posix
def test_what_is_no_file_is_not_read(entry: Path) -> None:
    entry.unlink()
    os.mkfifo(entry)  # reading it would wait for ever
    assert known(SHOP) is None
    assert title(SHOP) == "A"
    entry.unlink()
    entry.mkdir()
    assert known(SHOP) is None
    assert title(SHOP) == "A"


@only_posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_read(entry: Path, mode: int) -> None:
    entry.chmod(mode)
    assert known(SHOP) is None
    assert title(SHOP) == "A"
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600, "replaced"


@only_posix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_can_write_is_not_used(place: Path, entry: Path, mode: int) -> None:
    place.chmod(mode)
    entry.write_bytes(b"not ours any more")
    with pytest.warns(RuntimeWarning, match="is not used as a cache"):
        assert title(SHOP) == "A"
    assert entry.read_bytes() == b"not ours any more", "neither read nor written"


@only_posix
def test_a_folder_that_is_a_link_is_not_used(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.warns(RuntimeWarning, match="is not used as a cache"):
        assert title(SHOP) == "A"
    assert not list((tmp_path / "elsewhere").iterdir())


@only_posix
def test_what_another_user_made_is_not_used(place: Path, entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from another user: the folder, and every file in it, is somebody else's."""
    other = os.geteuid() + 1
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: other)
        with pytest.warns(RuntimeWarning, match="is not used as a cache"):
            assert known(SHOP) is None
    if os.geteuid() == 0:
        os.chown(entry, other, -1)
        assert known(SHOP) is None, "a file of another user in a folder of ours"
        assert title(SHOP) == "A"
        assert entry.stat().st_uid == 0, "replaced"
        os.chown(place, other, -1)
        with pytest.warns(RuntimeWarning, match="is not used as a cache"):
            assert known(SHOP) is None


@only_posix
def test_a_draft_cannot_be_foreseen(place: Path, entry: Path, tmp_path: Path) -> None:
    """A link laid where a draft would be written must not lead the user to write over a file of theirs."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    key = artefacts.key_of(OTHER)
    for name in (f"{key}.{os.getpid()}.draft", f"{key}.draft", f"{key}.program"):
        (place / name).symlink_to(precious)
    assert title(OTHER) == "B"
    assert precious.read_text() == "mine"
    assert known(OTHER) is not None


def test_no_folder_to_write_to_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert title(SHOP) == "A"


# ---- what makes a key ----


def test_a_key_is_of_texts_names_and_release(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Source("a.rules", "x"), Source("b.rules", "y")
    keys = {
        artefacts.key_of(sources)
        for sources in (
            [one],
            [other],
            [one, other],
            [other, one],
            [Source("a.rules", "xb.rulesy")],
            [Source("a.rulesx", "")],
        )
    }
    assert len(keys) == 6
    monkeypatch.setattr(artefacts, "_release", lambda: ("another",))
    assert artefacts.key_of([one]) not in keys
