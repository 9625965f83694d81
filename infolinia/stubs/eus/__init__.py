"""A stand-in for e-US, true to ``docs/contracts/eus.openapi.yaml``, with fictitious callers and a page in Polish."""
