"""Nodes: one frozen model a file, with its schema, its behaviour and its documented example."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from .announcement import AnnouncementNode
from .answer import AnswerNode
from .earlier import EarlierNode
from .hangup import HangupNode
from .hours import HoursNode
from .identity import IdentityNode
from .matter import MatterNode
from .menu import MenuNode
from .office import OfficeNode
from .principal import PrincipalNode
from .queue import QueueNode
from .say import SayNode
from .telepin import TelepinNode
from .transfer import TransferNode

AnyNode = Annotated[
    AnnouncementNode
    | AnswerNode
    | EarlierNode
    | HangupNode
    | HoursNode
    | IdentityNode
    | MatterNode
    | MenuNode
    | OfficeNode
    | PrincipalNode
    | QueueNode
    | SayNode
    | TelepinNode
    | TransferNode,
    Field(discriminator="node"),
]
NODES: TypeAdapter[AnyNode] = TypeAdapter(AnyNode)
"""Reads any node from plain data, told apart by its ``node`` field."""

KINDS: dict[str, type[AnyNode]] = {
    kind.model_fields["node"].annotation.__args__[0]: kind  # type: ignore[union-attr]
    for kind in (
        AnnouncementNode,
        AnswerNode,
        EarlierNode,
        HangupNode,
        HoursNode,
        IdentityNode,
        MatterNode,
        MenuNode,
        OfficeNode,
        PrincipalNode,
        QueueNode,
        SayNode,
        TelepinNode,
        TransferNode,
    )
}
"""Node kinds by the name that a dialplan calls them."""
