"""Keeping calls: both sides of what the automaton and a caller say, where an office has switched it on."""
