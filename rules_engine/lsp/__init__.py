"""The language server: a shell around `language` that speaks the language server protocol on standard input and output.

In: what an editor says. Out: what it asks for. It needs the extra `lsp`; whoever starts it says so kindly.
"""

from __future__ import annotations


def serve() -> None:
    """Answer an editor on standard input and output until it hangs up."""
    from rules_engine.lsp.server import make_server

    make_server().start_io()


__all__ = ["serve"]
