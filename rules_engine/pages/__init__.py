"""Pages that need nothing else: one HTML file with its style inside, for a browser, a mail or a printer.

In: texts and rows. Out: markup. Whatever is a plain text is escaped; only a `Markup` is taken as it is, and only this
room (and who builds on it) makes one. Nothing is fetched when a page is opened, and nothing in it runs.
"""

from rules_engine.pages.frame import page
from rules_engine.pages.parts import Markup, bullets, element, escape, fold, join, table

__all__ = ["Markup", "bullets", "element", "escape", "fold", "join", "page", "table"]
