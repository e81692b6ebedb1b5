"""The language server as an editor has it: one real process, spoken to over its standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lsprotocol import types as lsp
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

T = TypeVar("T")

HEAD = """\
language 1
use shop

program "Corner \U0001f6d2" { currency GBP, rounded half up   timezone "Europe/London" }

unit point, points { rounded down   lasts forever }
"""
RULES = """\
language 1

track spend = sum of net, on purchase, per calendar year

# one
# two
earn "Points \U0001f600" as base { on purchase   give 1 point per full 1 GBP of net }
reward "Big" {
  on        purchase
  when      spend >= 100 GBP
  give      50 points
}

test "a basket" {
  given member {}
  when  purchase { bought_at: 2027-01-10 18:30
    lines | sku | category | pieces | price |
          | "tea" | "drinks" | 3 | 2.75 GBP | }
  then  base 8 points
}
"""


class Editor:
    """An editor with one folder open: it asks, waits for the answer, and remembers what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("editor", "1")
        self.told: dict[str, list[lsp.Diagnostic]] = {}
        self.texts: dict[str, str] = {}
        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._publish(params))
        self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda params: self._register(params))
        self.registered: list[str] = []

    def _publish(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.told[Path(uris.to_fs_path(params.uri) or "").name] = list(params.diagnostics)

    def _register(self, params: lsp.RegistrationParams) -> None:
        self.registered += [each.method for each in params.registrations]

    def run(self, wanted: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(wanted, 60))

    def start(self) -> lsp.InitializeResult:
        self.run(self.client.start_io(str(Path(sys.executable).with_name("rules")), "lsp", "--stdio"))
        watched = lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        asked = lsp.InitializeParams(
            lsp.ClientCapabilities(workspace=lsp.WorkspaceClientCapabilities(did_change_watched_files=watched)),
            root_uri=self.folder.as_uri(),
        )
        answer = self.run(self.client.initialize_async(asked))
        self.client.initialized(lsp.InitializedParams())
        return answer

    def stop(self) -> None:
        self.run(self.client.shutdown_async(None))
        self.client.exit(None)
        self.run(self.client.stop())  # type: ignore[no-untyped-call]
        self.loop.close()

    # ---- files ----

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str) -> None:
        text = (self.folder / name).read_bytes().decode()
        self.texts[name] = text
        item = lsp.TextDocumentItem(self.uri(name), "rules", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def change(self, name: str, old: str, new: str) -> None:
        """Put a text in the place of another, as an editor sends what was typed."""
        start = self.texts[name].index(old)
        span = lsp.Range(self.position(name, start), self.position(name, start + len(old)))
        self.texts[name] = self.texts[name].replace(old, new, 1)
        document = lsp.VersionedTextDocumentIdentifier(2, self.uri(name))
        changes = [lsp.TextDocumentContentChangePartial(span, new)]
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, changes))

    def position(self, name: str, offset: int) -> lsp.Position:
        """A place as editors count it: in UTF-16, from 0."""
        before = self.texts[name][:offset]
        line = before.rpartition("\n")[2]
        return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)

    def at(self, name: str, words: str, further: int = 1) -> dict[str, Any]:
        place = self.position(name, self.texts[name].index(words) + further)
        return {"text_document": self.document(name), "position": place}

    def slice(self, name: str, span: lsp.Range) -> str:
        lines = self.texts[name].split("\n")
        assert span.start.line == span.end.line
        line = lines[span.start.line].encode("utf-16-le")
        return line[span.start.character * 2 : span.end.character * 2].decode("utf-16-le")

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something was told."""

        async def wait() -> None:
            while not holds():
                await asyncio.sleep(0.01)

        self.run(wait())

    def codes(self, name: str) -> list[str]:
        return [str(each.code) for each in self.told.get(name, [])]


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("corner")
    (folder / "head.rules").write_text(HEAD, encoding="utf-8")
    (folder / "rules.rules").write_text(RULES, encoding="utf-8")
    made = Editor(folder)
    capabilities = made.start().capabilities
    assert capabilities.position_encoding == "utf-16"
    assert capabilities.execute_command_provider is not None
    made.open("rules.rules")
    made.until(lambda: "rules.rules" in made.told)
    yield made
    made.stop()


def test_a_folder_is_one_program_and_mistakes_are_told_at_each_edit(editor: Editor) -> None:
    assert not [each for each in editor.told["rules.rules"] if each.severity == lsp.DiagnosticSeverity.Error]
    editor.change("rules.rules", "give      50 points", "give      50 pionts")
    editor.until(lambda: "N208" in editor.codes("rules.rules"))
    (found,) = [each for each in editor.told["rules.rules"] if each.code == "N208"]
    assert editor.slice("rules.rules", found.range) == "pionts"
    asked = lsp.CodeActionParams(editor.document("rules.rules"), found.range, lsp.CodeActionContext([found]))
    (action,) = [
        x for x in editor.run(editor.client.text_document_code_action_async(asked)) or [] if "points" in x.title
    ]
    assert isinstance(action, lsp.CodeAction)
    assert action.edit is not None
    assert action.edit.changes is not None
    (edit,) = action.edit.changes[editor.uri("rules.rules")]
    assert (editor.slice("rules.rules", edit.range), edit.new_text) == ("pionts", "points")
    editor.change("rules.rules", "50 pionts", "50 points")
    editor.until(lambda: "N208" not in editor.codes("rules.rules"))


def test_places_behind_an_emoji_are_counted_in_utf_16(editor: Editor) -> None:
    editor.change("rules.rules", "full 1 GBP", "full 1 EUR")
    editor.until(lambda: any("EUR" in each.message for each in editor.told["rules.rules"]))
    (found,) = [each for each in editor.told["rules.rules"] if "EUR" in each.message]
    assert editor.slice("rules.rules", found.range) == "1 EUR"
    editor.change("rules.rules", "full 1 EUR", "full 1 GBP")
    editor.until(lambda: not any("EUR" in each.message for each in editor.told["rules.rules"]))


def test_completion(editor: Editor) -> None:
    asked = lsp.CompletionParams(**editor.at("rules.rules", "spend >= 100", 0))
    found = editor.run(editor.client.text_document_completion_async(asked))
    assert isinstance(found, lsp.CompletionList)
    labels = [each.label for each in found.items]
    assert "spend" in labels
    assert "channel" in labels
    assert "has" in labels
    asked = lsp.CompletionParams(**editor.at("rules.rules", "50 points", 3))
    found = editor.run(editor.client.text_document_completion_async(asked))
    assert isinstance(found, lsp.CompletionList)
    assert found.items[0].label in ("point", "points", "GBP")


def test_hover(editor: Editor) -> None:
    found = editor.run(
        editor.client.text_document_hover_async(lsp.HoverParams(**editor.at("rules.rules", "spend >= 100")))
    )
    assert found is not None
    assert isinstance(found.contents, lsp.MarkupContent)
    assert "**after** the event" in found.contents.value
    assert "track spend = sum of net" in found.contents.value
    assert found.range is not None
    assert editor.slice("rules.rules", found.range) == "spend"


def test_definition_in_another_file_and_in_a_vocabulary(editor: Editor) -> None:
    found = editor.run(
        editor.client.text_document_definition_async(lsp.DefinitionParams(**editor.at("rules.rules", "points\n")))
    )
    assert isinstance(found, list)
    assert [Path(each.uri).name for each in found if isinstance(each, lsp.Location)] == ["head.rules"]
    found = editor.run(
        editor.client.text_document_definition_async(lsp.DefinitionParams(**editor.at("rules.rules", "purchase, per")))
    )
    assert isinstance(found, list)
    assert isinstance(found[0], lsp.Location)
    ready = Path(uris.to_fs_path(found[0].uri) or "")
    assert ready.name == "shop.rules"
    assert "event purchase" in ready.read_text(encoding="utf-8")


def test_references(editor: Editor) -> None:
    asked = lsp.ReferenceParams(lsp.ReferenceContext(True), **editor.at("rules.rules", "spend = sum"))
    found = editor.run(editor.client.text_document_references_async(asked)) or []
    assert [editor.slice("rules.rules", each.range) for each in found] == ["spend", "spend"]


def test_rename_and_why_not(editor: Editor) -> None:
    place = editor.at("rules.rules", "spend >= 100")
    found = editor.run(editor.client.text_document_rename_async(lsp.RenameParams(new_name="spent", **place)))
    assert found is not None
    assert found.changes is not None
    edits = found.changes[editor.uri("rules.rules")]
    assert sorted(each.new_text for each in edits) == [' was "spend"', "spent", "spent"]
    with pytest.raises(JsonRpcException, match="already"):
        editor.run(editor.client.text_document_rename_async(lsp.RenameParams(new_name="points", **place)))
    ready = lsp.PrepareRenameParams(**editor.at("rules.rules", "purchase, per"))
    with pytest.raises(JsonRpcException, match="vocabulary"):
        editor.run(editor.client.text_document_prepare_rename_async(ready))


def test_outline_and_folding(editor: Editor) -> None:
    asked = lsp.DocumentSymbolParams(editor.document("rules.rules"))
    found = editor.run(editor.client.text_document_document_symbol_async(asked)) or []
    assert [each.name for each in found] == ["spend", "Points \U0001f600", "Big", "a basket"]
    folds = editor.run(
        editor.client.text_document_folding_range_async(lsp.FoldingRangeParams(editor.document("rules.rules")))
    )
    assert {(each.start_line, each.end_line) for each in folds or []} == {(4, 5), (7, 11), (13, 19)}


def test_formatting(editor: Editor) -> None:
    options = lsp.FormattingOptions(2, True)
    asked = lsp.DocumentFormattingParams(editor.document("rules.rules"), options)
    edits = editor.run(editor.client.text_document_formatting_async(asked)) or []
    lines = editor.texts["rules.rules"].split("\n")
    for each in reversed(edits):
        assert each.range.start.character == each.range.end.character == 0
        lines[each.range.start.line : each.range.end.line] = each.new_text.split("\n")[:-1]
    from rules_engine.formatting import format_source
    from rules_engine.parsing import parse
    from rules_engine.source import Source

    source = Source("rules.rules", RULES)
    assert "\n".join(lines) == format_source(source, parse(source)) != RULES


def test_colours_and_what_changes_of_them(editor: Editor) -> None:
    asked = lsp.SemanticTokensParams(editor.document("rules.rules"))
    found = editor.run(editor.client.text_document_semantic_tokens_full_async(asked))
    assert found is not None
    assert found.result_id is not None
    assert list(found.data[:5]) == [0, 0, 8, 3, 1]
    editor.change("rules.rules", "spend >= 100 GBP", "spend >= 100 GBP and net > 1 GBP")
    delta = lsp.SemanticTokensDeltaParams(editor.document("rules.rules"), found.result_id)
    changed = editor.run(editor.client.text_document_semantic_tokens_full_delta_async(delta))
    assert isinstance(changed, lsp.SemanticTokensDelta)
    (edit,) = changed.edits
    told = [*found.data[: edit.start], *(edit.data or []), *found.data[edit.start + edit.delete_count :]]
    editor.change("rules.rules", " and net > 1 GBP", "")
    editor.change("rules.rules", "spend >= 100 GBP", "spend >= 100 GBP and net > 1 GBP")
    anew = editor.run(editor.client.text_document_semantic_tokens_full_async(asked))
    assert anew is not None
    assert list(anew.data) == told
    editor.change("rules.rules", " and net > 1 GBP", "")


def test_lenses_and_their_commands(editor: Editor) -> None:
    found = (
        editor.run(editor.client.text_document_code_lens_async(lsp.CodeLensParams(editor.document("rules.rules"))))
        or []
    )
    commands = [each.command for each in found if each.command is not None]
    assert [each.title for each in commands] == [
        "run on sample event", "covered by 1 test", "run on sample event", "covered by 0 tests",
    ]  # fmt: skip
    told = [_run(editor, each) for each in commands]
    assert "the event of the test `a basket`" in told[0]
    assert "8 points" in told[0]
    assert 'test "a basket"' in told[1]
    assert "an event made" in told[2]
    assert '"Big": 50 points' in told[2]
    assert "no test names it" in told[3]


def _run(editor: Editor, command: lsp.Command) -> str:
    asked = lsp.ExecuteCommandParams(command.command, command.arguments)
    found = editor.run(editor.client.workspace_execute_command_async(asked))
    return str(found["text"] if isinstance(found, dict) else getattr(found, "text", ""))


def test_lints_are_told_after_a_pause_with_their_mends(editor: Editor) -> None:
    """They wait until nobody types, and go with the next edit."""
    editor.change("rules.rules", "track spend", "define unread = 3\n\ntrack spend")
    editor.until(lambda: any(code.startswith("L3") for code in editor.codes("rules.rules")))
    found = next(each for each in editor.told["rules.rules"] if str(each.code).startswith("L3"))
    assert found.severity == lsp.DiagnosticSeverity.Warning
    assert "unread" in found.message
    editor.change("rules.rules", "define unread = 3\n\n", "")
    editor.until(lambda: not any("unread" in each.message for each in editor.told["rules.rules"]))


def test_files_that_change_on_disk_are_noticed(editor: Editor) -> None:
    assert lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES in editor.registered
    other = editor.folder / "other.rules"
    other.write_text('language 1\nearn "Points \U0001f600" { on purchase   give 1 point }\n', encoding="utf-8")
    event = lsp.FileEvent(other.as_uri(), lsp.FileChangeType.Created)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
    editor.until(lambda: "N106" in editor.codes("rules.rules") + editor.codes("other.rules"))
    other.unlink()
    event = lsp.FileEvent(other.as_uri(), lsp.FileChangeType.Deleted)
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))
    editor.until(lambda: "N106" not in editor.codes("rules.rules") + editor.codes("other.rules"))


def test_crlf_and_a_file_that_is_a_program_by_itself(editor: Editor) -> None:
    folder = editor.folder / "alone"
    folder.mkdir()
    (folder / "a.rules").write_bytes((HEAD + 'earn "A" { on purchase   give 1 pint }\n').replace("\n", "\r\n").encode())
    (folder / "b.rules").write_text(HEAD, encoding="utf-8")
    editor.open("alone/a.rules")
    editor.until(lambda: "N208" in editor.codes("a.rules"))
    assert editor.codes("a.rules") == ["N208"]  # and not that there are two headers
    (found,) = editor.told["a.rules"]
    assert editor.slice("alone/a.rules", found.range) == "pint"
    params = lsp.DidCloseTextDocumentParams(editor.document("alone/a.rules"))
    editor.client.text_document_did_close(params)
    editor.until(lambda: not editor.codes("a.rules"))
