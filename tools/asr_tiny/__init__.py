"""A small Polish Vosk model made of synthetic speech, so that the real engine runs in tests and benches anywhere.

It proves plumbing, streaming, grammars and latency. It is never for citizens: it knows some two thousand words, as
synthetic voices say them. ``make model`` makes it; ``python -m asr_tiny --help`` has the steps.
"""
