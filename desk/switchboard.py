"""What the desk needs of Asterisk's manager: the shape of ``ivr.asterisk.ami.Ami`` and of its replies."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

Handler = Callable[[Mapping[str, str]], Awaitable[None] | None]


class Reply(Protocol):
    """The answer to an action; ``events`` are the list that followed it, in order."""

    @property
    def ok(self) -> bool: ...
    @property
    def message(self) -> str: ...
    @property
    def events(self) -> Sequence[Mapping[str, Any]]: ...


class Switchboard(Protocol):
    async def action(self, name: str, **headers: str) -> Reply: ...
    def on(self, event: str, handler: Handler) -> None: ...
    def on_connect(self, handler: Callable[[], Awaitable[None] | None]) -> None: ...
