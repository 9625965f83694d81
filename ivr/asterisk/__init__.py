"""Asterisk: bytes (sans-IO codecs), sockets, and the translation to our vocabulary."""
