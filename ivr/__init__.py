"""The call: the pure dialogue core and everything that carries it out on a telephone."""
