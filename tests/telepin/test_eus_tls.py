"""Mutual TLS with real certificates: who cannot prove who they are is neither asked nor answered."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from telepin.eus import Breaker, EusClient, EusError, Verification, new_match_key, tls_context, token
from telepin.secret import Secret

pytestmark = pytest.mark.anyio
NUMBER, PIN, MATCH = Secret("85831410110"), Secret("482915"), new_match_key()


class Authority:
    """A certification authority whose files lie in ``folder``."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._sign(self._name, self._key, authority=True).public_bytes(Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of ``name``, at 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, authority=False)
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
        for extension in _as_rfc_5280_asks(key, self._key):
            builder = builder.add_extension(extension, critical=False)
        if authority:
            builder = builder.add_extension(_SIGNS_CERTIFICATES, critical=True)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        return builder.add_extension(alternative, critical=False).sign(self._key, hashes.SHA256())


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


def _as_rfc_5280_asks(
    key: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey
) -> tuple[x509.ExtensionType, ...]:
    """What Python 3.13 demands of certificates and older ones do not."""
    return (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
    )


@dataclass
class Server:
    """An e-US on a port of its own that demands a certificate, and what it was asked."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    clients: list[object] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        self.asked.append(body := await reader.readexactly(length))
        self.clients.append(writer.get_extra_info("peercert")["subject"])
        answer = {"request_id": json.loads(body)["request_id"], "verdict": "refused", "subject": token(MATCH, NUMBER)}
        told = json.dumps(answer | {"person": None, "office": None, "principals": []}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(told) + told)
        await writer.drain()
        writer.close()


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "ours")


@pytest.fixture
def strangers(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "strangers")


@pytest.fixture
async def server(ours: Authority) -> AsyncIterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, ours.issue("eus")))
    context.load_verify_locations(str(ours.file))
    context.verify_mode = ssl.CERT_REQUIRED
    served = Server()
    listening = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=context)
    served.port = listening.sockets[0].getsockname()[1]
    yield served
    listening.close()


async def ask(server: Server, tls: ssl.SSLContext) -> Verification:
    eus = EusClient(f"https://127.0.0.1:{server.port}", tls=tls, budget=20, breaker=Breaker(failures=100))
    try:
        return await eus.verify(request="r", kind="pesel", number=NUMBER, pin=PIN, match_key=MATCH, leave=1)
    finally:
        await eus.close()


async def test_both_prove_who_they_are(server: Server, ours: Authority) -> None:
    answer = await ask(server, tls_context(ours.file, *ours.issue("hotline")))
    assert answer.verdict == "refused"
    assert server.clients == [((("commonName", "hotline"),),)]


async def test_without_a_certificate_of_ours_there_is_no_verdict(server: Server, ours: Authority) -> None:
    with pytest.raises(EusError):
        await ask(server, tls_context(ours.file))
    assert server.clients == []


async def test_with_a_strangers_certificate_there_is_no_verdict(
    server: Server, ours: Authority, strangers: Authority
) -> None:
    with pytest.raises(EusError):
        await ask(server, tls_context(ours.file, *strangers.issue("hotline")))
    assert server.clients == []


async def test_a_server_of_another_authority_hears_nothing(
    server: Server, ours: Authority, strangers: Authority
) -> None:
    with pytest.raises(EusError):
        await ask(server, tls_context(strangers.file, *ours.issue("hotline")))
    assert server.asked == []
