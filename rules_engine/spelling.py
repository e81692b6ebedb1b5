"""How codes are compared: the one spelling that all ways of typing a code come to.

In: a code as a rule file, a column or a customer has it. Out: its normal spelling. `spring-20`, `SPRING 20` and
`Ｓｐｒｉｎｇ２０` are one code.
"""

from __future__ import annotations

import unicodedata


def normal_code(text: str) -> str:
    """A code in normal spelling: Unicode NFKC, upper case, without blanks and hyphens of any kind.

    It may be empty, where a text is nothing but blanks and hyphens; such a text is no code.

    >>> normal_code("spring-20"), normal_code(" Spring 20 "), normal_code("SPRING\\u201320")
    ('SPRING20', 'SPRING20', 'SPRING20')
    """
    if text.isascii():
        return "".join(text.upper().replace("-", "").split())
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return unicodedata.normalize("NFKC", "".join(filter(_counts, upper)))


def _counts(letter: str) -> bool:
    return not letter.isspace() and unicodedata.category(letter) != "Pd" and letter != _SOFT_HYPHEN


_SOFT_HYPHEN = "\xad"
