"""What the tests of this room share: a key, a clock and a verifier that does as it is told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from telepin.eus import EusPerson, Verification, token
from telepin.identity import Kind
from telepin.secret import Secret

KEY = b"not a real key, only for tests !"
TODAY = date(2026, 4, 15)


class Clock:
    """A wall clock that moves only when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class Verifier:
    """Counts who asked what; answers ok for ``right`` and refused otherwise, after ``gate`` and unless ``fault``."""

    def __init__(self, right: str = "482915") -> None:
        self.right = right
        self.asked: list[str] = []
        self.left: list[int] = []
        self.gate: asyncio.Event | None = None
        self.fault: Callable[[], Exception] | None = None

    async def acts(self, *, request: str, verification: str, principal: str) -> bool:
        raise AssertionError("not asked in these tests")

    async def verify(
        self, *, request: str, kind: Kind, number: Secret, pin: Secret, match_key: str, leave: int
    ) -> Verification:
        self.asked.append(request)
        self.left.append(leave)
        right = pin.reveal() == self.right
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault()
        return Verification(
            request_id=request,
            verdict="ok" if right else "refused",
            subject=token(match_key, number),
            person=EusPerson(ref="dz-01", label="Adam Testowy") if right else None,
            office="podlaskie" if right else None,
            principals=(),
        )
