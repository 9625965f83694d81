"""Lines with parts that only a call knows, foreseen from the plan, to be rendered before a caller waits for them."""

from collections.abc import Iterator, Mapping

from .actions import Line
from .nodes.answer import DAY
from .nodes.principal import KEY_WORDS
from .plan import Plan, pieces


def foreseen_lines(plan: Plan) -> Iterator[Line]:
    """Each value that a part can have, once: a line is rendered sentence by sentence, so two parts need no pairs. Names
    of people and what topics are not released yet are left out."""
    values = _values(plan)
    for view in (plan, *plan.views.values()):
        for prompt, text in view.prompts.items():
            parts = [name for _, name, _ in pieces(text) if name is not None and name not in view.variables]
            if not parts or not all(name in values for name in parts):
                continue
            for number in range(max(len(values[name]) for name in parts)):
                yield view.line(prompt, **{name: values[name][number % len(values[name])] for name in parts})


def _values(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    titles = tuple(topic.title for topic in plan.topics.values() if topic.released)
    places = tuple(office.voivodeship or office.name for office in plan.offices.values())
    seasons = sorted(
        {(t.season.first, t.season.last) for t in plan.topics.values() if t.season.first and t.season.last}
    )
    known = {
        "first": tuple(plan.in_words(str(first), DAY) for first, _ in seasons),
        "last": tuple(plan.in_words(str(last), DAY) for _, last in seasons),
        "a": titles,
        "b": titles,
        "key": KEY_WORDS,
        "name": places,
        "office": tuple(office.spoken for office in plan.offices.values()),
    }
    return {name: found for name, found in known.items() if found}
