"""Between the records of `language` and those of the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lsprotocol import types as lsp

from rules_engine.diagnostics import Diagnostic
from rules_engine.language import Fold, Lines, Mend, Proposal, Spot, Symbol
from rules_engine.source import Span


def span_of(span: Span, lines: Lines) -> lsp.Range:
    """A stretch as the protocol counts it."""
    start, end = lines.spot(span[0]), lines.spot(span[1])
    return lsp.Range(lsp.Position(*start), lsp.Position(*end))


def offset_of(position: lsp.Position, lines: Lines) -> int:
    """The offset of a position."""
    return lines.offset(Spot(position.line, position.character))


def finding(
    found: Diagnostic, lines: Lines, related: Iterable[lsp.DiagnosticRelatedInformation] = ()
) -> lsp.Diagnostic:
    """A finding with its help behind it; the places that explain it stand beside."""
    help_ = found.help
    severity = lsp.DiagnosticSeverity.Error if found.severity == "error" else lsp.DiagnosticSeverity.Warning
    return lsp.Diagnostic(
        span_of(found.span, lines),
        f"{found.message}\n{help_}" if help_ else found.message,
        severity=severity,
        code=found.code,
        source="rules",
        related_information=list(related) or None,
    )


_KINDS: Final[dict[str, lsp.CompletionItemKind]] = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "known": lsp.CompletionItemKind.Constant,
    "type": lsp.CompletionItemKind.TypeParameter,
    "currency": lsp.CompletionItemKind.Unit,
    "vocabulary": lsp.CompletionItemKind.Module,
    "unit": lsp.CompletionItemKind.Unit,
    "period": lsp.CompletionItemKind.Interface,
    "define": lsp.CompletionItemKind.Function,
    "table": lsp.CompletionItemKind.Struct,
    "event": lsp.CompletionItemKind.Event,
    "group": lsp.CompletionItemKind.Folder,
    "track": lsp.CompletionItemKind.Variable,
    "rule": lsp.CompletionItemKind.Method,
    "match": lsp.CompletionItemKind.Method,
    "field": lsp.CompletionItemKind.Field,
    "fact": lsp.CompletionItemKind.Property,
    "remembered": lsp.CompletionItemKind.Property,
    "tier": lsp.CompletionItemKind.EnumMember,
    "way": lsp.CompletionItemKind.EnumMember,
    "value": lsp.CompletionItemKind.EnumMember,
    "tag": lsp.CompletionItemKind.Reference,
}


def proposal(each: Proposal, lines: Lines) -> lsp.CompletionItem:
    """A proposal."""
    return lsp.CompletionItem(
        each.text,
        kind=_KINDS[each.sort],
        detail=each.detail or None,
        sort_text=f"{each.rank}{each.text}",
        filter_text=each.text,
        text_edit=lsp.TextEdit(span_of(each.span, lines), each.text),
    )


_SYMBOLS: Final[dict[str, lsp.SymbolKind]] = {
    "header": lsp.SymbolKind.Package,
    "vocabulary": lsp.SymbolKind.Module,
    "unit": lsp.SymbolKind.Constant,
    "period": lsp.SymbolKind.Interface,
    "define": lsp.SymbolKind.Function,
    "table": lsp.SymbolKind.Struct,
    "event": lsp.SymbolKind.Event,
    "member": lsp.SymbolKind.Object,
    "track": lsp.SymbolKind.Variable,
    "tiers": lsp.SymbolKind.Enum,
    "tier": lsp.SymbolKind.EnumMember,
    "match": lsp.SymbolKind.Class,
    "group": lsp.SymbolKind.Namespace,
    "holdout": lsp.SymbolKind.Class,
    "rule": lsp.SymbolKind.Class,
    "test": lsp.SymbolKind.Method,
    "field": lsp.SymbolKind.Field,
}


def symbol(each: Symbol, lines: Lines) -> lsp.DocumentSymbol:
    """A declaration of the outline; a title without letters still has a name to show."""
    return lsp.DocumentSymbol(
        each.name.strip() or each.sort,
        _SYMBOLS[each.sort],
        span_of(each.span, lines),
        span_of(each.place, lines),
        detail=each.detail or None,
        children=[symbol(inner, lines) for inner in each.inner] or None,
    )


def fold(each: Fold, lines: Lines) -> lsp.FoldingRange:
    """A stretch that folds."""
    kind = lsp.FoldingRangeKind.Comment if each.comment else lsp.FoldingRangeKind.Region
    return lsp.FoldingRange(lines.spot(each.span[0]).line, lines.spot(each.span[1]).line, kind=kind)


def action(each: Mend, uri: str, lines: Lines) -> lsp.CodeAction:
    """A mend as a quick fix of the finding."""
    edit = lsp.TextEdit(span_of(each.edit.span, lines), each.edit.text)
    return lsp.CodeAction(
        each.title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[finding(each.finding, lines)],
        is_preferred=True,
        edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
    )
