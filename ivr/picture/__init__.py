"""The picture of a flow: a plan as text for Graphviz, and the page that shows what Graphviz drew."""

from .draw import dot
from .page import printed, viewer

__all__ = ["dot", "printed", "viewer"]
