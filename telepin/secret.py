"""Secret: keyed digits that can be used but not shown.

Everything a caller keys in number and PIN entry is a ``Secret`` from the first key on. There is one way out,
``reveal()``: whoever calls it answers for the plain text, which must not outlive the expression it is used in.
"""

import hmac
from typing import Any, NoReturn

_KEYS = frozenset(b"0123456789*#")
_SHOWN = "[secret]"


class Secret:
    """Telephone keys (``0``-``9``, ``*``, ``#``) that cannot be printed, formatted, pickled, copied or serialised.

    Equality is constant-time and only with another ``Secret``; there is no hash, so none can be a dictionary key.
    ``wipe`` overwrites the only copy held here (Python itself may have made others while the text was revealed).
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: str) -> None:
        held = bytearray(keys, "ascii", "replace")
        if not _KEYS.issuperset(held):
            raise ValueError("a secret holds telephone keys only: 0-9, * and #")
        self._keys = held

    def reveal(self) -> str:
        """The plain keys. The single way out of this type; empty after ``wipe``."""
        return self._keys.decode("ascii")

    def wipe(self) -> None:
        """Overwrite and forget the keys."""
        for index in range(len(self._keys)):
            self._keys[index] = 0
        self._keys.clear()

    def __len__(self) -> int:
        return len(self._keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._keys, other._keys)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return _SHOWN

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a secret can be neither copied nor serialised")

    __reduce__ = __reduce_ex__ = __copy__ = __deepcopy__ = __getstate__ = _refuse
