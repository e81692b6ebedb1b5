"""A scene as the reads of conditions see it: what a field, a fact or a day is before anything is run.

In: a scene and a read of the core. Out: its value, as far as that can be said without the engine; None else.
"""

from __future__ import annotations

from typing import Any

from rules_engine import ir
from rules_engine.calendar import Duration, add_duration, local_day, local_instant, subtract_duration
from rules_engine.decoding import fact_fields
from rules_engine.solving import holds
from rules_engine.workbench.aims import Owner
from rules_engine.workbench.scenes import Cast, Scene, usual, usual_day


class Seen:
    """One scene, with the line at hand (None: the first), and the rule that it is about."""

    def __init__(self, scene: Scene, cast: Cast, owner: Owner, line: int | None = None) -> None:
        self.scene = scene
        self.cast = cast
        self.owner = owner
        self.line = line

    @property
    def core(self) -> ir.Program:
        """The program."""
        return self.cast.core

    @property
    def event(self) -> ir.EventDef:
        """The kind of the scene's event."""
        return self.cast.event(self.scene.event)

    @property
    def at(self) -> dict[str, Any] | None:
        """The line at hand; the first one where none is meant."""
        lines = self.scene.lines
        if not lines:
            return None
        return lines[self.line if self.line is not None and self.line < len(lines) else 0]

    def field_of(self, node: ir.Expr) -> ir.FieldDef | None:
        """The field that a read reads."""
        match node:
            case ir.Field(name=name):
                return self.cast.field(self.scene, name)
            case ir.LineField(name=name):
                return self.cast.field(self.scene, name, line=True)
            case ir.MemberField(name=name):
                return self.cast.fact(name)
            case _:
                return None

    def known(self, node: ir.Expr | ir.Stop) -> Any:  # noqa: C901 - one arm for each form
        """What a read is in the scene, as far as that can be seen before it is run."""
        match node:
            case ir.Num(num=num, den=den):
                return num if den == 1 else None
            case ir.Txt(value=value) | ir.Flg(value=value):
                return value
            case ir.Field(name=name):
                return self.scene.fields.get(name)
            case ir.LineField(name=name):
                return None if self.at is None else self.at.get(name)
            case ir.MemberField(name=name):
                return (self.scene.facts or {}).get(name)
            case ir.PersonField(person=person, name=name):
                return self.scene.people.get(str(self.scene.fields.get(person)), {}).get(name)
            case ir.Today():
                return self.cast.day(self.scene)
            case ir.Now():
                moment = self.scene.fields.get(self.event.dated_by)
                field = self.cast.field(self.scene, self.event.dated_by)
                instant = field is not None and field.kind == "instant"
                return moment if instant else local_instant(self.cast.day(self.scene), 0, self.cast.zone)
            case ir.DayOf(instant=inner):
                moment = self.known(inner)
                return local_day(moment, self.cast.zone) if isinstance(moment, int) else None
            case ir.AddTime(day=day, count=count, unit=unit):
                start = self.known(day)
                if not isinstance(start, int):
                    return None
                span = Duration(abs(count), unit)  # type: ignore[arg-type]
                return add_duration(start, span) if count >= 0 else subtract_duration(start, span)
            case ir.TierRead():
                return self.scene.tier
            case ir.TrackRead(track=track):
                return self.scene.tracks.get((track, None), 0)
            case ir.BalanceRead(unit=unit):
                return self.scene.balances.get(unit, 0)
            case ir.Choose():
                return self.chosen(node)
            case ir.Mul(left=left, right=right):
                one, other = self.known(left), self.known(right)
                return one * other if isinstance(one, int) and isinstance(other, int) else None
            case ir.Add(parts=parts):
                found = [self.known(part) for part in parts]
                return sum(found) if all(isinstance(each, int) for each in found) else None
            case _:
                return None

    def chosen(self, node: ir.Choose) -> Any:
        """The value of the row that is taken, where all keys are known."""
        keys = [self.known(key) for key in node.keys]
        for row in node.rows:
            tests = zip(row.tests, keys, strict=True)
            if all(isinstance(test, ir.AnyTest) or (key is not None and holds(test, key)) for test, key in tests):
                return None if isinstance(row.value, ir.Stop) else self.known(row.value)
        return None

    def person(self) -> dict[str, Any]:
        """The facts of somebody of whom nothing special is known."""
        day = usual_day(self.core) - 400
        fields = [field for field in fact_fields(self.core) if not field.optional]
        return {field.name: usual(field, day, self.core, self.scene.currency) for field in fields}
