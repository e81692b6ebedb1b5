"""Codes: where the codes come from that set a rule off.

In: what stands after `with code` or `with code from`, and the environment of the rule. Out: `ir.CodeDef` with the codes
in normal spelling; those of a column, and the member's own, are brought to it where they are compared.
"""

from __future__ import annotations

from rules_engine import ir, tree
from rules_engine.checking import names, people, unknowns
from rules_engine.checking.env import Env
from rules_engine.checking.infos import BrokenInfo, DefineInfo
from rules_engine.spelling import normal_code
from rules_engine.types import Codes, ListOf, Text


def code_source(node: tree.Text | tree.Path, env: Env) -> ir.CodeDef | None:
    """The codes that are meant; None after an error."""
    lacking = next((event for event in env.events if not event.codes_field), None)
    if lacking is not None:
        env.report("M210", node, name=lacking.name)
        return None
    if isinstance(node, tree.Text):
        return _written([node], env)
    if len(node.parts) > 1:
        return _members_own(node, env)
    info = env.context.find(node.text)
    match info:
        case DefineInfo(node=None):
            return ir.CodeDef(column=info.name)
        case DefineInfo(node=tree.Text() as text):
            return _written([text], env.inside(info.name, node))
        case DefineInfo(node=tree.Bracket(value=tree.Text() as text, mods=())):
            return _written([text], env.inside(info.name, node))
        case DefineInfo(node=tree.ListOf(items=items)):
            texts = [item for item in items if isinstance(item, tree.Text)]
            if len(texts) == len(items):
                return _written(texts, env.inside(info.name, node))
            env.report("M211", node, name=node.text, labels=env.context.place(node.text))
        case BrokenInfo():
            env.fail()
        case None:
            unknowns.unknown_name(node.parts[0], env)
        case _:
            env.report("M211", node, name=node.text, labels=env.context.place(node.text))
    return None


def _written(texts: list[tree.Text], env: Env) -> ir.CodeDef | None:
    """Codes written out, in normal spelling."""
    first: dict[str, str] = {}
    good = True
    for text in texts:
        code = normal_code(text.value)
        if not code:
            env.report("M212", text, text=text.value)
            good = False
        elif code in first:
            env.report("M213", text, text=text.value, other=first[code])
            good = False
        first.setdefault(code, text.value)
    return ir.CodeDef(texts=tuple(sorted(first))) if good else None


def _members_own(path: tree.Path, env: Env) -> ir.CodeDef | None:
    """`member.codes`: a guest has none, and neither has a member without the fact."""
    if path.parts[0].text != "member":
        names.resolve(path, env)
        return None
    fact = path.parts[1]
    found = people.member_fact(path, fact, env, optional_is_fine=True)
    match found.type:
        case Text() | Codes() | ListOf(item=Text()):
            return ir.CodeDef(fact=found.expr)
        case _ if env.context.member(fact.text) is not None:
            env.report("M211", path, name=path.text)
    return None
