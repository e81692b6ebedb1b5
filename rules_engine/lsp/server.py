"""The language server: what an editor asks, handed on to `language`, and answered in the protocol's records.

Errors are told at every edit; lints, which cost more, when nobody has typed for a moment, or on save. Everything
else is
made when it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, Final

from lsprotocol import types as lsp
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from rules_engine import language
from rules_engine.checking import Checked
from rules_engine.diagnostics import Diagnostic
from rules_engine.language import Edit, Encoding, Lines, Location
from rules_engine.lsp import converting
from rules_engine.lsp.programmes import Document, Programme, Programmes, place_of
from rules_engine.parsing import Parsed, parse

PAUSE: Final = 0.6
"""Seconds without an edit after which lints are run."""

RUN_SAMPLE: Final = "rules.runSample"
SHOW_TESTS: Final = "rules.showTests"
_ENCODINGS: Final[dict[str, Encoding]] = {"utf-8": "utf-8", "utf-16": "utf-16", "utf-32": "utf-32"}


class RulesServer(LanguageServer):
    """The server with its programs; `published` is what was told of each file last."""

    def __init__(self) -> None:
        super().__init__("rules", version("rules-engine"))
        self.programmes = Programmes()
        self.published: dict[str, tuple[Diagnostic, ...]] = {}
        self.pauses: dict[int, asyncio.TimerHandle] = {}
        self.told: dict[str, tuple[str, list[int]]] = {}
        self.turn = 0

    # ---- places ----

    def path(self, uri: str) -> str:
        """The path of a file, or the name of what is nowhere on disk."""
        return uris.to_fs_path(uri) or uri if uri.startswith("file:") else uri

    def uri(self, name: str) -> str:
        """The address of a source."""
        path = place_of(name)
        return uris.from_fs_path(path) or path if path.startswith("/") or path[1:3] == ":\\" else path

    def document(self, uri: str) -> Document:
        """An open file; one that is asked about without being open is read from disk."""
        path = self.path(uri)
        known = self.programmes.documents.get(path)
        if known is not None:
            return known
        found = self.programmes.checked(path).sources.get(path)
        return Document(path, found.text if found else "", self.programmes.encoding)

    def lines(self, name: str, checked: Checked) -> Lines:
        """The lines of any file of a program."""
        known = self.programmes.documents.get(name)
        if known is not None:
            return known.lines
        source = checked.sources.get(name)
        return Lines(source.text if source else "", self.programmes.encoding)

    def at(self, params: Any) -> tuple[Document, Checked, int]:
        """The file, its program and the offset that a request is about."""
        document = self.document(params.text_document.uri)
        checked = self.programmes.checked(document.path)
        return document, checked, converting.offset_of(params.position, document.lines)

    def location(self, each: Location, checked: Checked) -> lsp.Location:
        """A place in any file."""
        return lsp.Location(self.uri(each.source), converting.span_of(each.span, self.lines(each.source, checked)))

    def parsed(self, document: Document) -> Parsed:
        """The tree of a file."""
        files = self.programmes.checked(document.path).files
        found = next((each for each in files if each.source is document.source), None)
        return found.parsed if found is not None else parse(document.source)

    def remember(self, path: str, numbers: list[int]) -> str:
        """Keep the colours that are told, so that the next time only what changed is; their number."""
        self.turn += 1
        self.told[path] = str(self.turn), numbers
        return str(self.turn)

    # ---- findings ----

    def recheck(self, document: Document) -> None:
        """Check the program of a file, tell what changed, and lint when it is quiet."""
        if self.programmes.ready(document.path):
            return
        programme = self.programmes.of(document.path)
        programme.check(self.programmes.documents)
        self.publish(programme)
        known = self.pauses.pop(id(programme), None)
        if known is not None:
            known.cancel()
        loop = asyncio.get_running_loop()
        self.pauses[id(programme)] = loop.call_later(PAUSE, self.lint_soon, programme)

    def lint_soon(self, programme: Programme) -> None:
        """Lint beside whatever else is asked."""
        task = asyncio.ensure_future(self.lint(programme))
        self.tasks = task

    async def lint(self, programme: Programme) -> None:
        """Lint a program that checks; what is found of a text that was edited since is dropped."""
        checked = programme.checked
        if checked is None or not checked.ok or programme.linted is checked:
            return
        found = await asyncio.to_thread(_lints, checked)
        if programme.checked is checked:
            programme.lints, programme.linted = found, checked
            self.publish(programme)

    def publish(self, programme: Programme) -> None:
        """Tell what is wrong with each file of which that changed."""
        checked = programme.checked
        if checked is None:
            return
        by_file: dict[str, list[Diagnostic]] = {name: [] for name in checked.sources if place_of(name) == name}
        for each in programme.findings:
            by_file.setdefault(each.source, []).append(each)
        for name, found in by_file.items():
            told = tuple(found)
            if self.published.get(name, ()) == told and (
                name not in self.programmes.documents or name in self.published
            ):
                continue
            self.published[name] = told
            lines = self.lines(name, checked)
            shown = [converting.finding(each, lines, self.related(each, checked)) for each in told]
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(self.uri(name), shown))

    def related(self, found: Diagnostic, checked: Checked) -> Iterable[lsp.DiagnosticRelatedInformation]:
        """The places that explain a finding."""
        return [
            lsp.DiagnosticRelatedInformation(self.location(Location(each.source, each.span), checked), each.text)
            for each in found.labels
        ]

    def changes(self, edits: Iterable[Edit], checked: Checked) -> lsp.WorkspaceEdit:
        """Edits by file."""
        made: dict[str, list[lsp.TextEdit]] = {}
        for each in edits:
            lines = self.lines(each.source, checked)
            made.setdefault(self.uri(each.source), []).append(
                lsp.TextEdit(converting.span_of(each.span, lines), self.ended(each.text, each.source))
            )
        return lsp.WorkspaceEdit(changes=made)

    def ended(self, text: str, name: str) -> str:
        """A text with the line ends of the file that it goes into."""
        document = self.programmes.documents.get(name)
        return text.replace("\n", "\r\n") if document is not None and document.crlf else text


def _lints(checked: Checked) -> tuple[Diagnostic, ...]:
    from rules_engine.linting import lint

    return lint(checked)


def make_server() -> RulesServer:
    """A server with all its features."""
    server = RulesServer()
    for name, options, handler in FEATURES:
        server.feature(name, options)(_bound(server, handler)) if options else server.feature(name)(
            _bound(server, handler)
        )
    for name, handler in COMMANDS:
        server.command(name)(_bound(server, handler))
    return server


def _bound(server: RulesServer, handler: Callable[..., Any]) -> Callable[..., Any]:
    def handle(*params: Any) -> Any:
        return handler(server, *params)

    handle.__name__ = handler.__name__
    return handle


# ---- what the editor tells ----


def initialized(server: RulesServer, _: lsp.InitializedParams) -> None:
    """Count columns as was agreed, and ask to be told of files that change on disk."""
    agreed = str(getattr(server.workspace.position_encoding, "value", server.workspace.position_encoding) or "utf-16")
    server.programmes.encoding = _ENCODINGS[agreed]
    capabilities = server.client_capabilities.workspace
    watched = capabilities and capabilities.did_change_watched_files
    if watched and watched.dynamic_registration:
        watchers = [lsp.FileSystemWatcher("**/*.rules"), lsp.FileSystemWatcher("**/*.csv")]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted = lsp.Registration("files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        server.client_register_capability(lsp.RegistrationParams([wanted]))


def did_open(server: RulesServer, params: lsp.DidOpenTextDocumentParams) -> None:
    """A file is open: what stands in the editor counts from now on."""
    path = server.path(params.text_document.uri)
    server.published.pop(path, None)
    server.recheck(server.programmes.open(path, params.text_document.text))


def did_change(server: RulesServer, params: lsp.DidChangeTextDocumentParams) -> None:
    """Something was typed."""
    document = server.document(params.text_document.uri)
    for change in params.content_changes:
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            text = document.source.text
            start = converting.offset_of(change.range.start, document.lines)
            end = converting.offset_of(change.range.end, document.lines)
            document.replace(f"{text[:start]}{change.text}{text[end:]}")
        else:
            document.replace(change.text)
    server.recheck(document)


def did_save(server: RulesServer, params: lsp.DidSaveTextDocumentParams) -> None:
    """On save lints need not wait."""
    document = server.document(params.text_document.uri)
    server.recheck(document)
    server.lint_soon(server.programmes.of(document.path))


def did_close(server: RulesServer, params: lsp.DidCloseTextDocumentParams) -> None:
    """The file on disk counts again; nothing is told of a file that belongs to no open one."""
    path = server.path(params.text_document.uri)
    programme = server.programmes.of(path)
    server.programmes.close(path)
    if any(server.programmes.of(each) is programme for each in server.programmes.documents):
        programme.check(server.programmes.documents)
        server.publish(programme)
        return
    for name in [name for name in server.published if programme.checked and name in programme.checked.sources]:
        del server.published[name]
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(server.uri(name), []))


def did_change_files(server: RulesServer, _: lsp.DidChangeWatchedFilesParams) -> None:
    """Files changed on disk: every open program is checked with what stands there now."""
    for document in {
        id(server.programmes.of(path)): each for path, each in server.programmes.documents.items()
    }.values():
        server.recheck(document)


# ---- what the editor asks ----


def completion(server: RulesServer, params: lsp.CompletionParams) -> lsp.CompletionList:
    """What may be written next."""
    document, checked, offset = server.at(params)
    found = language.completions(checked, document.source.text, offset)
    return lsp.CompletionList(is_incomplete=False, items=[converting.proposal(each, document.lines) for each in found])


def hover(server: RulesServer, params: lsp.HoverParams) -> lsp.Hover | None:
    """What stands at a place."""
    document, checked, offset = server.at(params)
    found = language.hover(checked, document.path, offset)
    if found is None:
        return None
    text = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.text)
    return lsp.Hover(text, converting.span_of(found.span, document.lines))


def definition(server: RulesServer, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Where it is declared."""
    document, checked, offset = server.at(params)
    return [server.location(each, checked) for each in language.definition(checked, document.path, offset)]


def references(server: RulesServer, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Where it is named."""
    document, checked, offset = server.at(params)
    declared = params.context.include_declaration
    found = language.references(checked, document.path, offset, declarations=declared)
    return [server.location(each, checked) for each in found]


def prepare_rename(server: RulesServer, params: lsp.PrepareRenameParams) -> lsp.Range:
    """What would be renamed; why not, where that cannot be."""
    document, checked, offset = server.at(params)
    try:
        found = language.renamable(checked, document.path, offset)
    except language.RenameRefusedError as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None
    return converting.span_of(found.span, document.lines)


def rename(server: RulesServer, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
    """A new name, in all files of the program."""
    document, checked, offset = server.at(params)
    try:
        return server.changes(language.rename(checked, document.path, offset, params.new_name), checked)
    except language.RenameRefusedError as refusal:
        raise JsonRpcInvalidParams(str(refusal)) from None


def document_symbols(server: RulesServer, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """The outline."""
    document = server.document(params.text_document.uri)
    parsed = server.parsed(document)
    return [converting.symbol(each, document.lines) for each in language.outline(parsed)]


def folding(server: RulesServer, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
    """What folds."""
    document = server.document(params.text_document.uri)
    found = language.folds(server.parsed(document), document.source.text)
    return [converting.fold(each, document.lines) for each in found]


def formatting(server: RulesServer, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """The lines that the one shape of rule files has otherwise."""
    document = server.document(params.text_document.uri)
    edits = language.formatted(document.source, server.parsed(document))
    return [
        lsp.TextEdit(converting.span_of(each.span, document.lines), server.ended(each.text, document.path))
        for each in edits
    ]


def code_actions(server: RulesServer, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The mends of what is found at a place."""
    document = server.document(params.text_document.uri)
    start = converting.offset_of(params.range.start, document.lines)
    end = converting.offset_of(params.range.end, document.lines)
    server.programmes.checked(document.path)
    found = server.programmes.of(document.path).findings
    return [
        converting.action(each, params.text_document.uri, document.lines)
        for each in language.mends(found, document.path, (start, end))
    ]


def semantic_tokens(server: RulesServer, params: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
    """The colours of a file."""
    document = server.document(params.text_document.uri)
    numbers = document.colours.of(document.source.text)
    return lsp.SemanticTokens(numbers, server.remember(document.path, numbers))


def semantic_changes(
    server: RulesServer, params: lsp.SemanticTokensDeltaParams
) -> lsp.SemanticTokens | lsp.SemanticTokensDelta:
    """What changed of the colours since they were told last."""
    document = server.document(params.text_document.uri)
    known = server.told.get(document.path)
    if known is None or known[0] != params.previous_result_id:
        return semantic_tokens(server, lsp.SemanticTokensParams(params.text_document))
    numbers = document.colours.of(document.source.text)
    change = language.difference(known[1], numbers)
    edits = [lsp.SemanticTokensEdit(change.start, change.gone, change.numbers)] if change.gone or change.numbers else []
    return lsp.SemanticTokensDelta(edits, server.remember(document.path, numbers))


def code_lenses(server: RulesServer, params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
    """Above each rule: a way to see it act, and the tests that name it."""
    document = server.document(params.text_document.uri)
    checked = server.programmes.checked(document.path)
    made = []
    for each in language.lenses(checked, document.path):
        where = converting.span_of(each.span, document.lines)
        arguments = [params.text_document.uri, each.key]
        tests = len(each.tests)
        words = f"covered by {tests} test{'' if tests == 1 else 's'}"
        made.append(lsp.CodeLens(where, lsp.Command("run on sample event", RUN_SAMPLE, arguments=arguments)))
        made.append(lsp.CodeLens(where, lsp.Command(words, SHOW_TESTS, arguments=arguments)))
    return made


# ---- commands ----


def run_sample(server: RulesServer, uri: str, rule: str) -> dict[str, str] | None:
    """What a sample event does to a rule, told as `rules explain` tells it."""
    found = language.sampled(server.programmes.checked(server.path(uri)), rule)
    return {"title": found.title, "text": found.text}


def show_tests(server: RulesServer, uri: str, rule: str) -> dict[str, str] | None:
    """The tests that say what a rule gives."""
    found = language.told_tests(server.programmes.checked(server.path(uri)), rule)
    return {"title": found.title, "text": found.text}


_LEGEND = lsp.SemanticTokensLegend(list(language.LEGEND), list(language.MODIFIERS))

FEATURES: Final[tuple[tuple[str, Any, Callable[..., Any]], ...]] = (
    (lsp.INITIALIZED, None, initialized),
    (lsp.TEXT_DOCUMENT_DID_OPEN, None, did_open),
    (lsp.TEXT_DOCUMENT_DID_CHANGE, None, did_change),
    (lsp.TEXT_DOCUMENT_DID_SAVE, None, did_save),
    (lsp.TEXT_DOCUMENT_DID_CLOSE, None, did_close),
    (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, None, did_change_files),
    (lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", '"', " ", "|"]), completion),
    (lsp.TEXT_DOCUMENT_HOVER, None, hover),
    (lsp.TEXT_DOCUMENT_DEFINITION, None, definition),
    (lsp.TEXT_DOCUMENT_REFERENCES, None, references),
    (lsp.TEXT_DOCUMENT_PREPARE_RENAME, None, prepare_rename),
    (lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True), rename),
    (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, None, document_symbols),
    (lsp.TEXT_DOCUMENT_FOLDING_RANGE, None, folding),
    (lsp.TEXT_DOCUMENT_FORMATTING, None, formatting),
    (
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix]),
        code_actions,
    ),
    (
        lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL,
        lsp.SemanticTokensRegistrationOptions(_LEGEND, full=lsp.SemanticTokensFullDelta(delta=True)),
        semantic_tokens,
    ),
    (
        lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA,
        lsp.SemanticTokensRegistrationOptions(_LEGEND, full=lsp.SemanticTokensFullDelta(delta=True)),
        semantic_changes,
    ),
    (lsp.TEXT_DOCUMENT_CODE_LENS, None, code_lenses),
)
"""Every feature with its options, and what answers it."""

COMMANDS: Final[tuple[tuple[str, Callable[..., Any]], ...]] = ((RUN_SAMPLE, run_sample), (SHOW_TESTS, show_tests))
