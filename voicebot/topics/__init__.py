"""Topics: from words to the matter a caller calls about."""
