"""Starting: a project folder with rules that pass their own tests, for a kind of programme.

In: a kind, a title, a folder. Out: files in it. The templates are real files of this room.
"""

from rules_engine.starting.projects import KINDS, CannotStart, folder_for, start

__all__ = ["KINDS", "CannotStart", "folder_for", "start"]
