"""Pure core: events, actions, call, plan, machine, nodes. No I/O, no clock, no randomness, no logging."""
