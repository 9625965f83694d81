"""Voices: text to telephone sound."""
