"""The way to e-US, as this installation has it set."""

from telepin.eus import EusClient, tls_context

from .settings import Settings


def eus_client(settings: Settings) -> EusClient:
    """A client of e-US; with mutual TLS where it is set."""
    tls = None
    if settings.eus_authority is not None:
        tls = tls_context(settings.eus_authority, settings.eus_certificate, settings.eus_private_key)
    return EusClient(settings.eus, tls=tls)
