"""Policy: how many wrong attempts are borne, and by whom. Pure: counts in, the exhausted scope out.

Only attempts that ended wrong (or whose end nobody saw) count: a success and a failure of e-US are given back.
Sources: NIST SP 800-63B-4, 3.2.2 (rate limiting: at most 100 consecutive failures on one account, with stricter
limits allowed); the daily figures are ours. ``docs/telepin.md`` says what each limit means for whom.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Scope = Literal["call", "identity", "caller", "trunk", "pin", "everyone"]

HOUR = 3600.0
DAY = 24 * HOUR
YEAR = 365 * DAY


@dataclass(frozen=True)
class Rule:
    """At most ``limit`` wrong attempts in ``window`` seconds within one ``scope``.

    ``familiar`` is the limit for a caller number from which this very identity succeeded before (None: no limit): the
    part of the allowance that a stranger cannot use up.
    """

    scope: Scope
    window: float
    limit: int
    familiar: int | None


@dataclass(frozen=True)
class Policy:
    """The rules, in the order in which they are reported. ``memory``: how long a familiar number stays familiar.
    ``leave``: how many wrong telePINs e-US must still bear after a stranger's wrong one, or else it does not count it.
    e-US alone knows that a PESEL and a NIP are one account, and how many wrong ones it has seen there: this is what
    keeps strangers from having an account blocked, whatever numbers they use and however long they take.
    """

    rules: tuple[Rule, ...] = (
        Rule("call", DAY, 3, 3),
        Rule("identity", DAY, 2, 5),
        Rule("identity", YEAR, 90, 100),
        Rule("caller", DAY, 7, 10),
        Rule("trunk", 6 * HOUR, 20, 20),
        Rule("pin", DAY, 15, None),
        Rule("everyone", HOUR, 200, None),
    )
    memory: float = 180 * DAY
    leave: int = 1

    @property
    def longest(self) -> float:
        """Seconds after which an attempt matters to no rule."""
        return max(rule.window for rule in self.rules)

    def leaves(self, familiar: bool) -> int:
        """What a check must leave of the tries that e-US bears on the account: a familiar caller may use the last."""
        return 0 if familiar else self.leave

    def exhausted(self, before: Mapping[Rule, int], familiar: bool) -> Scope | None:
        """The first scope that bears no further attempt, given the attempts counted ``before`` this one."""
        for rule in self.rules:
            limit = rule.familiar if familiar else rule.limit
            if limit is not None and before.get(rule, 0) >= limit:
                return rule.scope
        return None
