"""The table of diagnostic codes: one row each, all wording in one place.

Wording is lower case without a final full stop, speaks of rules, points and money, and keeps the advice apart from the
message. `{names}` are filled from a diagnostic's data. Families: P text that does not parse, N names, T types and
dimensions, S settings of the header, C complete and disjoint tables, M meaning (cycles, order, reach), Y not yet
evaluated, V events at the boundary, F files, X tests in rule files.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Code(msgspec.Struct, frozen=True):
    """One row: a short title, the message and help with `{placeholders}`, and the long explanation."""

    code: str
    title: str
    message: str
    help: str = ""
    long: str = ""
    severity: Literal["error", "warning"] = "error"


_ROWS: tuple[Code, ...] = (
    # ---- P: text that does not parse ----
    Code("P100", "unexpected word", "`{found}` cannot stand here", "expected {expected}"),
    Code("P101", "misspelt word", "`{found}` cannot stand here", "did you mean `{meant}`?"),
    Code("P102", "missing sign or word", "`{missing}` is missing {where}", "write `{missing}` there"),
    Code("P103", "one too many", "`{found}` is one too many", "leave it out"),
    Code("P104", "end too early", "this {kind} ends before it is complete", "expected {expected}"),
    Code(
        "P105",
        "declaration inside another",
        "`{found}` begins a declaration, and a declaration begins a line",
        "put it at the beginning of a line of its own, and see that the one before is closed",
    ),
    Code("P106", "unknown declaration", "`{found}` begins no declaration", "{hint}"),
    Code("P107", "text before the first declaration", "`{found}` begins no declaration", "{hint}"),
    Code("P110", "open quote", "a quoted text ends on the line it begins on", 'close it with `"`'),
    Code("P111", "clauses out of order", "`{clause}` stands before `{before}`", "the order is: {order}"),
    Code("P112", "written twice", "`{clause}` is written twice", "keep one of them"),
    Code(
        "P114",
        "keys without a bound",
        "`by {key}` does not say how many keys there are",
        "write `by {key} up to 80 keys`",
    ),
    Code(
        "P115",
        "cells and columns",
        "{found} does not fit the columns",
        "the first row names the fields; this table has {width}",
    ),
    Code(
        "P116",
        "currency in capitals",
        "`{found}` is no currency's code",
        "a currency is three capitals, such as `{upper}`",
    ),
    Code(
        "P117",
        "unknown role",
        "`{found}` is not what a field can be",
        "a field is `as id`, `quantity`, `list`, `list each`, `was`, `floor`, `tax rate`, `shipping` or `household`",
    ),
    Code("P118", "whole number", "`{found}` is not a whole number", "write one, such as `3`"),
    Code("P119", "wrong form", "`{found}` cannot stand here", "expected {expected}"),
    Code(
        "P120",
        "number without a unit",
        "`at most {found}` does not say of what",
        "write `{found} times`, or a unit, such as `{found} points`",
    ),
    Code("P121", "too deep", "brackets stand in brackets too many times", "name a part with `define` and use the name"),
    Code(
        "P122",
        "too long",
        "this declaration is longer than {most} characters",
        "split it, or keep long lists in a file",
    ),
    # habits from elsewhere
    Code(
        "P130",
        "currency sign",
        "`{found}` is not how money is written here",
        "write the number and the currency: `{mend}`",
    ),
    Code("P131", "comma in a number", "`{found}` has a comma in it", "a comma begins a modifier: write `{mend}`"),
    Code("P132", "sign for a word", "`{found}` is not used here", "write `{mend}`"),
    Code("P133", "kind of quotes", "{found} does not quote a text here", 'write straight double quotes: `"..."`'),
    Code(
        "P134",
        "form of a date",
        "`{found}` is not how a date is written here",
        "write year, month and day, such as `2027-04-03`",
    ),
    Code("P135", "words for a comparison", "`{found}` is not used here", "write the sign `{mend}`"),
    Code(
        "P136", "and/or", "`and/or` can mean two things", "write `or` where one is enough, `and` where both are needed"
    ),
    Code("P137", "word of another language", "`{found}` is not used here", "write `{mend}`"),
    Code("P138", "needless word", "`{found}` is not needed here", "leave it out"),
    Code("P139", "percent apart", "`{found}` is written in one piece", "write `{mend}`"),
    Code("P140", "title without quotes", "a title stands in quotes", "write `{mend}`"),
    Code("P141", "comment sign", "`{found}` does not begin a comment", "a comment begins with `#`"),
    Code("P142", "brackets", "`{found}` is not used here", "a list stands in `(` and `)`, a body in `{{` and `}}`"),
    Code("P143", "hyphen in a name", "`{found}` is not a name", "join the words with `_`: `{mend}`"),
    Code("P144", "unseen character", "there is {found} here, which cannot be seen", "leave it out"),
    Code("P145", "look-alike letter", "`{found}` is not written in the letters a to z", "{hint}"),
    Code("P146", "foreign sign", "`{found}` means nothing here", "leave it out"),
    # ---- N1: declared names ----
    Code("N101", "unknown name", "there is no {what} called `{name}`"),
    Code("N102", "same name twice", "two {what} are called `{name}`", "give each a name of its own"),
    Code("N103", "name with two meanings", "`{name}` is also a field of an event", "rename one of the two"),
    Code("N104", "wrong sort of name", "`{name}` is not {wanted}"),
    Code("N105", "declared twice", "`{name}` is declared twice", "a name means one thing in the whole program"),
    Code("N106", "title twice", 'two rules are called "{title}"', "titles tell rules apart in outcomes and states"),
    Code("N107", "unknown rule", 'there is no rule called "{title}"'),
    Code("N108", "unknown vocabulary", "there is no vocabulary called `{name}`", "the package has {known}"),
    # ---- S: settings of the header ----
    Code("S100", "no header", "the program has no header", 'write `program "Corner Shop" {{ ... }}` once'),
    Code("S101", "no language", "the program does not say its language", "write `language 1` at the head of the file"),
    Code("S102", "unknown language", "this engine reads language {known}, not {version}"),
    Code("S103", "setting twice", "the header says `{setting}` twice"),
    Code("S104", "currency not listed", "the header does not list {code}", "it lists {known}"),
    Code("S105", "decimals of a currency", "{code} has {least} to {most} decimals"),
    Code("S106", "unknown timezone", "{reason}", 'time zones go by names like "Europe/London"'),
    Code("S107", "29 February", "29 February can count as 28 February or as 1 March"),
    Code("S108", "terms by the day", "terms hold from and until plain dates", "write `terms from 2027-01-01`"),
    Code("S110", "no currency", "the header must list its currencies: {user} uses money", "write how they round, too"),
    Code("S111", "no timezone", "the header must say its timezone: {user} turns instants into days"),
    Code("S112", "no start of weeks", "the header must say on which day weeks start: {user} counts weeks"),
    Code(
        "S113",
        "no rule for 29 February",
        "the header must say what 29 February counts as in other years: {user} comes back every year",
    ),
    Code("S114", "no split", "the header must say how amounts are split: {user} spreads one over lines"),
    Code("S115", "no terms", "the header must say from when these terms hold: {user} has rows by date"),
    # ---- M1: what declarations mean ----
    Code("M120", "no such period", "{reason}"),
    Code("M121", "period of itself", "`{name}` is made of itself, or of too many others"),
    Code("M122", "period by a field", "a period has no `by`", "say `by` where the period is used"),
    Code("M123", "date of a period", "a period starts and ends at a written date or at a fact of the member"),
    Code(
        "M130", "track without events", "`{name}` does not say what moves it", "write `on` and an event after the fold"
    ),
    Code("M131", "streak in a window", "a streak is kept per period or per lifetime, not in a rolling window"),
    Code("M132", "date without use", "{window} needs no `by`: there is only one of it", "leave `by` out"),
    Code(
        "M133",
        "outside the period",
        "an event may fall outside `{period}`",
        "write `where today in {period}`, or say `by` which date counts",
    ),
    Code("M141", "no bound", "`{name}` needs a bound: {kind} without one could grow past every sum", "write `up to`"),
    Code("M142", "reserved field", "a field cannot be called `{name}`: events use this word when they are sent"),
    Code("M143", "role of another type", "`{name}` plays the role `{role}`, so it must be {wanted}"),
    Code("M144", "no ladder", "the program has no tiers", "declare `tiers {{ ... }}`"),
    Code("M145", "bound without use", "`{name}` is {kind}, which has no bounds", "leave the bound out"),
    Code("M146", "bounds crossed", "the lower bound of `{name}` is above the upper one"),
    Code("M147", "bound too large", "the bound of `{name}` is too large to sum safely", "stay below 9 * 10^15"),
    Code("M148", "no such value", "{reason}"),
    Code("M149", "bound of another type", "the bound of `{name}` must be {kind}"),
    Code(
        "M150",
        "number of lines",
        "the number of lines runs from a smaller to a larger number",
        "write `lines 0 to 200`",
    ),
    Code("M151", "too many lines", "an event may have at most 10_000 lines"),
    Code("M152", "field of another type", "`{name}` must be {wanted} here, not {kind}"),
    Code("M153", "missing where needed", "`{name}` must not be optional: every event needs it", "take the `?` away"),
    Code(
        "M154",
        "no price",
        "`{name}` has money, but does not say which field is the price of the goods",
        "write `as list`, or `as list each` for the price of one piece, behind it",
    ),
    Code("M155", "two sources of price", "`{name}` is priced by offers, so no field is its price"),
    Code("M156", "two prices", "`{name}` has two prices: {fields}", "keep `as list` on one of them"),
    Code("M157", "role outside lines", "`{field}` is `{role}` of the event, but its goods stand in the lines"),
    Code("M158", "two currencies", "`{name}` mixes {currencies}", "an event is in one currency"),
    Code("M159", "role twice", "two fields play the role `{role}`"),
    Code("M160", "said twice", "{what} stands here twice"),
    Code(
        "M161", "no life", "`{name}` does not say how long it lasts", "write `lasts for 24 months`, or `lasts forever`"
    ),
    Code("M162", "decimals of a unit", "`{name}` can have 0 to {most} decimals"),
    Code("M163", "two lives", "a unit with two lives must say which of them counts", "write `, whichever is first`"),
    Code("M170", "same limit twice", "another limit counts the same thing over the same time"),
    Code("M171", "limit of nothing", "a limit of 0 times lets the rule never act"),
    Code("M172", "limit of another unit", "this limits `{unit}`, which the rule does not give"),
    Code("M173", "limit without scope", "the limit does not say of whom", "write `per member`"),
    Code("M174", "two periods in a limit", "a limit runs over one period", "write two limits"),
    Code(
        "M175",
        "limit outside the period",
        "an event may fall outside `{period}`, where this limit would not hold",
        "add `today in {period}` to `when`, or say `by` which date counts",
    ),
    Code("M176", "acts by lines", "a rule acts once for all lines, so its times cannot be counted by a line's date"),
    Code("M177", "limit by lines", "what the rule gives does not come from lines, so a line's date cannot limit it"),
    Code("M178", "rule without effect", '"{title}" does nothing', "write what it gives"),
    Code("M180", "circle", "awards are read in a circle: {path}", "let one of them stand on its own"),
    Code("M181", "award of a later stage", '"{title}" is a reward, which comes after this', "rewards come last"),
    Code(
        "M182",
        "group without order",
        "`{name}` does not say in which order it serves its rules",
        'write `in order "A", "B"`',
    ),
    Code("M183", "or nothing in a group", "`or nothing` stands on a rule's own limit, not on its group's"),
    Code("M184", "share of a holdout", "the share is above 0% and at most 100%, in hundredths of a percent"),
    Code("M185", "holdout without salt", "a holdout by share needs a salt", 'write `salt "spring-2027"`'),
    Code("M186", "not in its group's list", '"{title}" competes in `{group}`, which does not list it'),
    Code(
        "M187",
        "not in the group",
        '"{title}" is listed, but does not compete in `{group}`',
        "write `competes in {group}` on it",
    ),
    Code("M188", "group of two kinds", "`{group}` mixes earns and rewards", "one group is served at one time"),
    Code("M189", "order against reads", "the order of a group stands against what its rules read: {path}"),
    Code("M190", "path from the host", "the host says who is `{name}`, so it has no path here"),
    Code("M191", "ladder of the host", "tiers from the host have no clauses"),
    Code("M192", "path to the first tier", "`{name}` is the first tier, which everyone has", "leave its `when` out"),
    Code("M193", "tier without a path", "nothing leads to `{name}`", "write `when` and what it takes"),
    Code("M194", "paths of one name", "two paths to `{tier}` have the same name", "name them apart by `as`"),
    Code("M195", "ladder without a clause", "the tiers do not say {why}", "write `{clause}`"),
    Code("M196", "fall of nothing", "falling 0 tiers is no fall"),
    Code("M197", "match without a clause", '"{title}" has no `{clause}`'),
    Code(
        "M198",
        "when a tier counts",
        "the tiers must say when a new one counts: {user} reads the tier",
        "write `counts`",
    ),
    # ---- F: files ----
    Code("F101", "path outside", "`{file}` leads out of the program's folder", "write a path inside it"),
    Code("F102", "no such file", "there is no file `{file}` in the program's folder"),
    Code("F103", "unreadable file", "`{file}` cannot be read: {reason}"),
    Code("F104", "no such column", "`{file}` has no column `{column}`"),
    Code("F105", "key twice", "row {row} of `{file}` gives `{key}` another value"),
    # ---- X1: what tests in rule files say ----
    Code("X101", "tier of a test", "a tier is given as `Gold until 2028-12-31`"),
    Code("X102", "cells of a row", "this row has {cells} cells, and the head has {columns}"),
    Code("X103", "empty cell", "`{name}` must not be left empty", "only an optional field may be"),
    # ---- V: events, facts and states at the boundary ----
    Code("V100", "not an object", "{where} must be an object of names and values, not {found}", "send {form}"),
    Code("V101", "an event of no kind", "the event does not say what it is", "send `event`, one of {known}"),
    Code("V102", "unknown event", "`{found}` is not an event of this program", "{hint}"),
    Code("V103", "unknown field", "{where} is not declared", "{hint}"),
    Code("V104", "missing field", "{where} is missing", "send {form}"),
    Code("V105", "unreadable value", "{where} cannot be {found}", "send {form}"),
    Code("V106", "malformed value", "{where}: {reason}", "send {form}"),
    Code("V107", "out of bounds", "{where} is {found}, {side} than the {bound} that is declared"),
    Code("V108", "unknown choice", "{where} cannot be {found}", "send one of {known}; {hint}"),
    Code("V109", "money as a bare number", "{where} is the bare number {found}", "send {form}, between quotes"),
    Code(
        "V110",
        "binary fraction",
        "{where} is {found}, a binary fraction, which cannot hold most decimal numbers exactly",
        "send {form}",
    ),
    Code("V111", "foreign currency", "{where} is in {found}, and this is counted in {currency}", "send {form}"),
    Code("V112", "text too long", "{where} has {found} characters; at most {high} are declared"),
    Code("V113", "unprintable text", "{where} holds {found} as character {at}", "send plain text of one line"),
    Code("V114", "empty text", "{where} is empty", "send {form}, or leave it out where it is optional"),
    Code("V115", "too many items", "{where} has {found} items; at most {high} are declared"),
    Code("V116", "repeated code", "{where} names `{found}` twice", "send each code once"),
    Code("V117", "number of lines", "{where} has {found} lines; {low} to {high} are declared"),
    Code("V118", "repeated line", "{where} is `{found}`, as on line {other}", "give each line an id of its own"),
    Code(
        "V119",
        "outside the terms",
        "{where} is {found}, and these terms hold {terms}",
        "score the event with the version of the program for that day",
    ),
    Code("V150", "a track overflows", "`{track}` would pass the largest number that a track can hold"),
    Code(
        "V151",
        "too many different values",
        "`{track}` holds up to {high} different values, and this event brings more",
    ),
    Code("V152", "event scored before", "{event} `{id}` was scored before", "send each event once"),
    Code("V130", "state of another layout", "the state has layout {found}", "this release reads layout {version}"),
    Code("V131", "broken state", "{where}: {reason}", "restore the state from what was last stored"),
    Code(
        "V132",
        "state of something unknown",
        "the state speaks of the {what} `{found}`, which this program does not have",
        'if it was renamed, write `was "{found}"` on it; {hint}',
    ),
    # ---- X: tests in rule files, as they run ----
    Code("X510", "a test failed", "{what} is {actual}, and the test expects {expected}"),
    Code(
        "X511",
        "a test leaves out what is read",
        "`{name}` of {where} is read, and the test does not give it",
        "write `{name}: ...` in {place}",
    ),
    Code(
        "X512",
        "an event of a test is refused",
        "the event is refused: {reason}",
        "where that is what the test is about, write `then refused`",
    ),
    Code("X513", "what a test gives cannot be", "this cannot be given: {what}"),
    Code("X516", "a test names something unknown", "this program has no {what} called `{found}`"),
    # ---- Y: not yet ----
    Code(
        "Y900",
        "not evaluated yet",
        "{what} is not evaluated yet",
        "the text is understood, but acting on half of it would be worse than refusing it",
    ),
)

CODES: dict[str, Code] = {row.code: row for row in _ROWS}
