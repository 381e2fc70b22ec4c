"""Which letters can be drawn, and how those are drawn that the font does not have.

The font that Pillow carries has little more than ASCII. The signs that figures need (−, ×, →) and the
accents of European names are strokes, given here; letters of other scripts cannot be drawn.
"""

from __future__ import annotations

import unicodedata

Strokes = tuple[tuple[tuple[float, float], ...], ...]

FONT_HAS = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("«°±´·»‘’“”…‹›⁄™")

# Strokes are lines through points, in units of the font size: x from where the sign begins, y upwards
# from the baseline.
SIGNS: dict[str, tuple[float, Strokes]] = {
    "−": (0.58, (((0.06, 0.275), (0.52, 0.275)),)),
    "–": (0.52, (((0.0, 0.275), (0.52, 0.275)),)),
    "—": (0.96, (((0.0, 0.275), (0.96, 0.275)),)),
    "×": (0.58, (((0.12, 0.105), (0.46, 0.445)), ((0.12, 0.445), (0.46, 0.105)))),
    "→": (0.92, (((0.04, 0.275), (0.86, 0.275)), ((0.64, 0.475), (0.86, 0.275), (0.64, 0.075)))),
}
# Accents: x from the middle of their letter, y from its top, or from the baseline where negative.
ACCENTS: dict[str, Strokes] = {
    "\u0300": (((-0.12, 0.21), (0.03, 0.09)),),
    "\u0301": (((0.12, 0.21), (-0.03, 0.09)),),
    "\u0302": (((-0.14, 0.08), (0.0, 0.20), (0.14, 0.08)),),
    "\u0303": (((-0.16, 0.10), (-0.07, 0.16), (0.07, 0.10), (0.16, 0.16)),),
    "\u0304": (((-0.14, 0.13), (0.14, 0.13)),),
    "\u0306": (((-0.13, 0.20), (-0.06, 0.11), (0.06, 0.11), (0.13, 0.20)),),
    "\u0307": (((0.0, 0.10), (0.0, 0.17)),),
    "\u0308": (((-0.11, 0.10), (-0.11, 0.17)), ((0.11, 0.10), (0.11, 0.17))),
    "\u030a": (((-0.09, 0.15), (0.0, 0.06), (0.09, 0.15), (0.0, 0.24), (-0.09, 0.15)),),
    "\u030b": (((-0.02, 0.21), (-0.12, 0.09)), ((0.16, 0.21), (0.06, 0.09))),
    "\u030c": (((-0.14, 0.20), (0.0, 0.08), (0.14, 0.20)),),
    "\u0327": (((0.0, -0.02), (0.03, -0.10), (-0.08, -0.18)),),
    "\u0328": (((0.06, -0.02), (-0.02, -0.11), (0.10, -0.18)),),
}
BELOW = frozenset("\u0327\u0328")  # the accents that hang below their letter
_SPELLED = dict(zip("øØłŁđĐðÐı„‐‑", "oOlLdDdDi“--", strict=True))
_SPELLED |= {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"}


def drawable_signs(text: str) -> tuple[str, bool]:
    """`text` in signs that can be drawn, accents behind their letters, and whether a letter is missing."""
    signs: list[str] = []
    missing = False
    for sign in unicodedata.normalize("NFD", text[:400]):
        kind = unicodedata.category(sign)
        if sign in ACCENTS:
            if signs and signs[-1].isalpha():
                signs.append(sign)
        elif sign in FONT_HAS or sign in SIGNS:
            signs.append(sign)
        elif sign in _SPELLED:
            signs.extend(_SPELLED[sign])
        elif kind[0] == "Z" or sign in "\t\n\r\v\f":
            signs.append(" ")
        elif kind[0] not in "CM":
            plain = unicodedata.normalize("NFKD", sign)
            if set(plain) <= FONT_HAS:
                signs.extend(plain)
            elif kind[0] in "LN":
                signs.append("?")
                missing = True
    return " ".join("".join(signs).split()), missing


def can_draw(text: str) -> bool:
    """Whether every letter and figure of `text` can be drawn, and there is at least one sign to draw."""
    drawable, missing = drawable_signs(text)
    return bool(drawable) and not missing


def accent_base(letter: str) -> float:
    """Where a letter ends and its accent may begin, in units of the font size above the baseline."""
    return 0.69 if letter.isupper() or letter in "bdfhklt" else 0.53
