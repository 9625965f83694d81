"""Replaying fixtures against today's code, at three depths. See ``docs/laboratory.md``."""
