"""Why a file of the test caller cannot be read, told in Polish."""


def unreadable(error: Exception) -> str:
    """The reason behind what reading and parsing raise."""
    match error:
        case FileNotFoundError():
            return "nie ma takiego pliku"
        case IsADirectoryError():
            return "to jest folder, a potrzeba pliku"
        case PermissionError():
            return "brak prawa odczytu"
        case UnicodeDecodeError():
            return "to nie jest tekst w UTF-8"
        case OSError():
            return error.strerror or "błąd odczytu"
    return "to nie jest poprawny YAML"
