"""``python -m infolinia``."""

from infolinia.cli import app

app()
