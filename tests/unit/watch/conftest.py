"""A record on either database, advisories that change under it, and servers that listen."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.delta import Change, Removal, apply_delta
from pratique.advisories.exploitation import Exploitation
from pratique.advisories.inputs import Source
from pratique.watch.comparing import Terms

_NAME = "pratique_test_stores"
if _NAME not in sys.modules:
    _path = Path(__file__).resolve().parent.parent / "store" / "stores.py"
    _spec = spec_from_file_location(_NAME, _path)
    sys.modules[_NAME] = _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
globals().update(
    (name, value) for name, value in vars(sys.modules[_NAME]).items() if not name.startswith("_")
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"


def record_of(
    id: str,
    name: str,
    *,
    fixed: str = "",
    vector: str = CRITICAL,
    aliases: tuple[str, ...] = (),
    modified: str = "2026-05-01T00:00:00Z",
    withdrawn: str = "",
    summary: str = "trusts its input",
) -> dict[str, Any]:
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    made: dict[str, Any] = {
        "schema_version": "1.7.5",
        "id": id,
        "aliases": list(aliases),
        "summary": summary,
        "modified": modified,
        "severity": [{"type": "CVSS_V3", "score": vector}],
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": name},
                "ranges": [{"type": "SEMVER", "events": events}],
            }
        ],
    }
    if withdrawn:
        made["withdrawn"] = withdrawn
    return made


class Advisories:
    """An index that changes by layers, and what is exploited."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.moment = NOW
        filler = [record_of(f"FILL-{n}", f"filler{n}") for n in range(20)]
        self.build(*filler)

    def build(self, *records: dict[str, Any]) -> None:
        """Anew: nothing is known of what was before."""
        self.moment += timedelta(minutes=1)
        path = self.root.with_suffix(".ndjson")
        path.write_text("\n".join(map(json.dumps, records)))
        build(self.root, [Source(path=str(path), name="invented")], now=self.moment)

    def change(self, *records: dict[str, Any], gone: tuple[str, ...] = ()) -> None:
        self.moment += timedelta(minutes=1)
        apply_delta(
            self.root,
            [Change(one, "invented") for one in records],
            [Removal(one, "invented") for one in gone],
            now=self.moment,
            accept_shrinking=True,
        )

    def exploited(self, *cves: str, version: str = "2099.01.01") -> None:
        rows = [{"cveID": one, "dateAdded": "2026-05-30"} for one in cves]
        value = {"catalogVersion": version, "dateReleased": version, "vulnerabilities": rows}
        Exploitation(self.root / "exploitation").bring_kev(json.dumps(value).encode())

    def likely(self, date: str = "2026-05-30", **scores: float) -> None:
        rows = [f"{name.replace('_', '-')},{score},0.5" for name, score in scores.items()]
        text = f"#model_version:v1,score_date:{date}T00:00:00+0000\ncve,epss,percentile\n"
        Exploitation(self.root / "exploitation").bring_epss((text + "\n".join(rows)).encode())

    def terms(self, now: datetime | None = None) -> Terms:
        index = Index.open(self.root)
        return Terms(index, Exploitation(self.root / "exploitation"), now or self.moment)


@pytest.fixture
def advisories(tmp_path: Path) -> Advisories:
    return Advisories(tmp_path / "advisories")


@pytest.fixture
def advise() -> Callable[..., dict[str, Any]]:
    return record_of


@pytest.fixture
def judge() -> Callable[..., None]:
    """Puts a judgement on record."""
    from pratique.triage.models import Finding, Judgement, State
    from pratique.triage.service import record_judgements

    def put(store: object, product: str, vulnerability: str, state: str, at: datetime,
            expires: datetime | None = None, tenant: str = "default") -> None:  # fmt: skip
        one = Judgement(
            finding=Finding(product, "", "", vulnerability),
            state=State(state),
            comment="the parser is off",
            by="ann",
            at=at,
            expires=expires,
        )
        record_judgements(store, tenant, [one])

    return put


class Received:
    """A webhook that notes what it got and answers as told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.arrived = threading.Event()
        self.open = threading.Event()
        """Nothing is answered while it is not set."""

        self.open.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.path, headers, body))
                outer.arrived.set()
                outer.open.wait(120)
                status, more = outer.answers.pop(0) if outer.answers else (204, {})
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def close(self) -> None:
        self.open.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Received]:
    made = Received()
    yield made
    made.close()


@pytest.fixture
def other_hook() -> Iterator[Received]:
    made = Received()
    yield made
    made.close()


class Mailbox:
    """An SMTP server (RFC 5321) that offers STARTTLS and AUTH PLAIN."""

    def __init__(self, certificate: Path, key: Path, *, starttls: bool = True) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.starttls = starttls
        self.messages: list[tuple[str, list[str], bytes, bool]] = []
        self.logins: list[bytes] = []
        self.refuse = b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with suppress(OSError):
                self._talk(connection)

    def _talk(self, plain: socket.socket) -> None:
        connection, secure, sender, recipients = plain, False, "", []
        connection.settimeout(60)
        file = connection.makefile("rb")
        connection.sendall(b"220 here\r\n")
        try:
            while line := file.readline():
                verb = line.split(b" ")[0].strip().upper()
                if verb == b"EHLO":
                    offers = b"250-here\r\n"
                    offers += b"" if secure or not self.starttls else b"250-STARTTLS\r\n"
                    offers += b"250-AUTH PLAIN\r\n" if secure else b""
                    connection.sendall(offers + b"250 8BITMIME\r\n")
                elif verb == b"STARTTLS":
                    connection.sendall(b"220 go\r\n")
                    file.close()
                    connection = self.context.wrap_socket(connection, server_side=True)
                    file, secure = connection.makefile("rb"), True
                elif verb == b"AUTH":
                    self.logins.append(line.strip().split(b" ")[-1])
                    connection.sendall(b"235 in\r\n")
                elif verb == b"MAIL":
                    sender, recipients = line.decode(), []
                    connection.sendall(self.refuse or b"250 ok\r\n")
                elif verb == b"RCPT":
                    recipients.append(line.decode())
                    connection.sendall(b"250 ok\r\n")
                elif verb == b"DATA":
                    connection.sendall(b"354 go\r\n")
                    data = b""
                    while (row := file.readline()) != b".\r\n":
                        data += row
                    self.messages.append((sender, recipients, data, secure))
                    connection.sendall(b"250 taken\r\n")
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 ok\r\n")
        finally:
            file.close()
            connection.close()
            plain.close()

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.test")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(sha256(b"watch").hexdigest()[:16], 16))
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


@pytest.fixture
def mailbox(certificate: tuple[Path, Path]) -> Iterator[Mailbox]:
    made = Mailbox(*certificate)
    yield made
    made.close()


@pytest.fixture
def plain_mailbox(certificate: tuple[Path, Path]) -> Iterator[Mailbox]:
    made = Mailbox(*certificate, starttls=False)
    yield made
    made.close()
