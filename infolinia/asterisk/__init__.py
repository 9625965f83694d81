"""Asterisk: getting one, writing what it reads, starting and steering it."""
