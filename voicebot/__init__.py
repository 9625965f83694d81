"""Everything that touches a sample or a word: media, turn taking, ears, voices, Polish speech, topics."""
