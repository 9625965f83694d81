"""Ears: speech to text."""
