"""What calls will say, as far as the plan tells."""

from ivr.dialogue.foresight import foreseen_lines
from ivr.dialogue.plan import Plan


def test_questions_about_topics_and_places_are_foreseen(plan: Plan) -> None:
    said = {(line.prompt, line.text) for line in foreseen_lines(plan)}
    titles = [topic.title for topic in plan.topics.values() if topic.released]
    assert titles
    for title in titles:
        assert any(prompt == "czy-chodzi-o" and title in text for prompt, text in said)
        assert any(prompt == "a-czy-b" and f", czy o: {title}" in text for prompt, text in said)
    assert any(prompt == "wojewodztwo-klawisz" and "małopolskie" in text for prompt, text in said)


def test_nothing_foreseen_has_a_part_left_open(plan: Plan) -> None:
    assert not [line.text for line in foreseen_lines(plan) if "{" in line.text]
