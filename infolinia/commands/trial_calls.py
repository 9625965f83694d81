"""The option of the reports that counts test calls, which they leave out."""

from typing import Annotated

import typer

WITHOUT = "Bez rozmów próbnych z numerów +48000… (z nimi: --tests)"
Tests = Annotated[
    bool, typer.Option("--tests", help="Licz też rozmowy próbne: z numerów +48000… (demo, testcall, laboratorium)")
]
