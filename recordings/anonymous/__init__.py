"""Making a fixture of a kept call: what could tell who called is replaced in words and cut out of the sound."""
