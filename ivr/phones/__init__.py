"""Phones: who is on the other end of a call."""
