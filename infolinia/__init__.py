"""The front door: command line, settings and the wiring of all rooms; the only room that knows them all."""
