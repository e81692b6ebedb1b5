"""L304: a part of a condition that follows from the others."""

from __future__ import annotations

from collections.abc import Iterator

from rules_engine.linting.conditions import Site, sites
from rules_engine.linting.proofs import content, implied, opposite
from rules_engine.linting.records import Found, Lint
from rules_engine.linting.view import View


def _find(view: View) -> Iterator[Found]:
    for site in sites(view):
        for at in _idle(site):
            part = site.parts[at]
            data = {"subject": site.subject, "part": view.words(part.core.at)}
            yield Found(site.file, part.span, data, fix=site.without(at, data["part"]))


def _idle(site: Site) -> Iterator[int]:
    """The parts that say nothing beside the others: in an `and` what follows from them, in an `or` what they follow
    from. Of two that say the same, the later."""
    cores = [part.core if site.every else opposite(part.core) for part in site.parts]
    if len({content(each) for each in cores}) < len(cores):
        return  # written twice, which another lint says
    given = site.given if site.every else ()
    left = list(range(len(cores)))
    for at in reversed(range(len(cores))):
        others = [cores[each] for each in left if each != at]
        if implied(cores[at], [*given, *others], site.known) and not implied(cores[at], (), site.known):
            left.remove(at)
            yield at


LINT = Lint(
    "L304",
    "part-implied",
    "a part of a condition that the others make idle",
    "`{part}` changes nothing in the condition of {subject}: the other parts decide alone",
    "leave it out, or write the bound that was meant",
    "Of two bounds the tighter one counts, and the other is read, explained to customers and kept up for nothing. When one "
    "of them is changed later, the wrong one is.",
    bad="""\
earn "Regular" { on purchase   when visits >= 10 and visits >= 5   give 10 points }
""",
    good="""\
earn "Regular" { on purchase   when visits >= 5 and visits < 10   give 10 points }
""",
    find=_find,
    fixes=True,
)
