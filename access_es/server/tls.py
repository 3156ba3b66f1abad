"""TLS for the server's own listener, with certificates that may be renewed while it runs."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from access_es.errors import SettingsError

log = logging.getLogger("access_es.server")


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files with the chain and its private key, in PEM."""

    chain: Path
    key: Path

    def load(self) -> ssl.SSLContext:
        """TLS 1.2 and later, with forward secrecy. Raises SettingsError for files that are no such pair."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")  # of TLS 1.2: RFC 9325, 4.2; those of 1.3 are all good
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.chain, self.key, password=_no_password)
        except (OSError, ValueError) as fault:
            raise SettingsError([f"--certificate {self.chain} --key {self.key} cannot be used: {fault}."]) from fault
        return context

    def stamp(self) -> tuple[object, ...]:
        """Something that differs after one of the files was replaced."""
        stats = [path.stat() for path in (self.chain, self.key)]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)


class RenewedContext:
    """The context of the files as they are now; of the last good ones while they are not a pair."""

    def __init__(self, certificate: Certificate) -> None:
        self._certificate = certificate
        self._stamp = certificate.stamp()
        self.context = certificate.load()

    def refresh(self) -> None:
        """Look whether the files have changed; called every few seconds."""
        try:
            stamp = self._certificate.stamp()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            self.context = self._certificate.load()
            log.info("The certificate has changed: new connections get %s.", self._certificate.chain)
        except (OSError, SettingsError) as fault:
            log.error("The new certificate cannot be used, the one before it is: %s", fault)


def _no_password() -> str:
    raise ValueError("the key is encrypted; a server that starts by itself needs one that is not")
