"""Settings that cannot be meant are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infolinia.settings import Settings

FILE = Path("/etc/infolinia/eus.pem")


@pytest.mark.parametrize(
    ("eus", "why"),
    [
        ({"eus_certificate": FILE, "eus_authority": FILE}, "razem"),
        ({"eus_private_key": FILE}, "razem"),
        ({"eus_certificate": FILE, "eus_private_key": FILE}, "wymaga INFOLINIA_EUS_AUTHORITY"),
        ({"eus_authority": FILE, "eus_url": "http://eus.example"}, "https://"),
        ({"eus_authority": FILE}, "https://"),
    ],
)
def test_half_a_mutual_tls_is_refused(eus: dict[str, Path | str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(**eus)  # type: ignore[arg-type]


def test_the_whole_of_it_is_taken() -> None:
    eus = {"eus_authority": FILE, "eus_certificate": FILE, "eus_private_key": FILE, "eus_url": "https://eus.example"}
    assert Settings(**eus).eus == "https://eus.example"  # type: ignore[arg-type]
