"""Ears: speech to text, in processes that can be killed."""
