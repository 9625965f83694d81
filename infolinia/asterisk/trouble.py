"""What can go wrong with Asterisk, told to an administrator (Polish): what is wrong, where, and the mend."""


class AsteriskError(Exception):
    """Something an administrator must mend. ``exit_code`` is the command's exit status."""

    exit_code = 1


class PortTaken(AsteriskError):
    """A port that we need belongs to somebody else; the text names the port and the process."""

    exit_code = 2


class UnfitAsterisk(AsteriskError):
    """The Asterisk that the settings name is not there, or does not do what we need."""

    exit_code = 2
