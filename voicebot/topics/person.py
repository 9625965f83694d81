"""A person asked for together with a matter: the matter wins (``dialplans/topics/precedence.yaml``, P6)."""

from .normalise import normalise

_ASKING = frozenset({
    "chce", "chcial", "chciala", "chcialem", "chcialam", "chcialbym", "chcialabym", "prosze", "poprosze", "prosic",
    "wole", "wolalbym", "wolalabym", "musze", "potrzebuje", "moge", "mozna", "mozecie", "moglbym", "moglabym",
    "czy", "mnie", "mi", "z", "ze", "o", "w", "do", "na", "tej", "bo", "ale", "ja", "sprawie", "temat", "pytanie",
    "mam", "chodzi", "dotyczy", "zapytac", "pilnie", "natychmiast", "zywym", "zywy", "zywa", "zywego", "zywej",
    "prawdziwym", "normalnym", "jakims", "jakas", "kims", "kogos", "ktos", "lacz", "daj", "dajcie", "zeby",
})  # fmt: skip
_PERSON = (
    "polacz", "przelacz", "przekier", "rozmaw", "porozmaw", "rozmow", "pogada", "gadac", "konsult", "czlowiek",
    "pracownik", "osob", "doradc", "urzednik", "operator", "agent", "infolini", "automat", "maszyn", "robot",
)  # fmt: skip


def beside_request(text: str) -> str:
    """What is left of ``text`` without the words that ask for a person; empty when fewer than two words are left."""
    rest = [word for word in normalise(text) if word not in _ASKING and not word.startswith(_PERSON)]
    return " ".join(rest) if len(rest) > 1 else ""
