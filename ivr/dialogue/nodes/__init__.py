"""Nodes: one frozen model a file, with its schema, its behaviour and its documented example."""
