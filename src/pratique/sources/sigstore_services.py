"""Speaks to the services of a Sigstore instance, through the library ``sigstore``.

It asks the authority for a certificate, the log for an entry and the timestamp
authority for a time.  What comes back is material: whoever calls this verifies
it before it is used.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pratique.model.errors import EvidenceError, PratiqueError, UpstreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTRA = "sigstore"
"""Name of the extra that brings the library."""

CLIENT = "sigstore"
"""Client id, and so the audience of tokens, of the public instance."""

SECONDS = 60.0
"""Longest that a service may take: a log answers once the entry is in its tree."""


def require_library() -> None:
    """Check that the library is here.

    Raises:
        UsageError: It is not.
    """
    if find_spec("sigstore") is None:
        raise UsageError(
            "signing with a Sigstore identity needs the library sigstore.",
            remedy=f"Install 'pratique[{EXTRA}]', or sign with a key: --signing-key.",
        )


def check_config(config: str) -> None:
    """Check that the services of a configuration can be used, without asking any.

    Args:
        config: ``ClientTrustConfig`` in JSON.

    Raises:
        EvidenceError: It is not one, or names no service that is valid now.
        UsageError: The library is absent.
    """
    require_library()
    with _Explained("the trust configuration cannot be used"):
        _services(config)


def ambient_token(client: str = CLIENT) -> str | None:
    """The identity that the surroundings give: of a run of GitHub, GitLab and the like.

    Raises:
        UpstreamError: They should give one, and did not.
        UsageError: The library is absent.
    """
    require_library()
    from id import IdentityError, detect_credential

    try:
        return detect_credential(client)
    except IdentityError as error:
        raise UpstreamError(
            f"the surroundings gave no identity: {_line(error)}",
            remedy="Allow the job to have an identity (id-token: write), or give a token.",
        ) from None


def browser_token(config: str, client: str = CLIENT) -> str:
    """An identity by OpenID Connect, for which a browser is opened.

    Raises:
        UpstreamError: The provider did not answer, or refused.
        EvidenceError: The configuration names no provider.
    """
    require_library()
    from sigstore.oidc import Issuer

    with _Explained("the trust configuration cannot be used"):
        address = _services(config).signing_config.get_oidc_url()
    with _Explained("the identity provider gave no token", upstream=True):
        return str(Issuer(address).identity_token(client_id=client))


def sign_statement(config: str, statement: bytes, token: str, client: str = CLIENT) -> bytes:
    """A Sigstore bundle with an in-toto statement, signed by whom a token names.

    Args:
        config: ``ClientTrustConfig`` in JSON.
        statement: The payload; it is signed as it is.
        token: Identity token of OpenID Connect.
        client: Its audience.

    Returns:
        The bundle in JSON, not verified.

    Raises:
        UpstreamError: A service did not answer, or refused.
        UsageError: The token is none, or has run out.
        EvidenceError: The configuration cannot be used.
    """
    require_library()
    from sigstore.dsse import Statement
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    class Given(Statement):
        """A statement as it is: the library knows fewer kinds of digests than in-toto."""

        def __init__(self, contents: bytes) -> None:
            self._contents = contents

    try:
        identity = IdentityToken(token, client)
    except Exception as error:  # noqa: BLE001 - its parser's errors are many
        raise UsageError(
            f"the identity token cannot be used: {_line(error)}",
            remedy=f"Get a new one, for the audience {client!r}.",
        ) from None
    with _Explained("the trust configuration cannot be used"):
        context = SigningContext.from_trust_config(_services(config))
    _limit(context)
    with (
        _Explained("the Sigstore instance did not sign", upstream=True),
        context.signer(identity) as signer,
    ):
        return signer.sign_dsse(Given(statement)).to_json().encode()


def _services(config: str) -> Any:
    from sigstore.models import ClientTrustConfig

    found = ClientTrustConfig.from_json(config)
    _ = found.trusted_root, found.signing_config  # both are read only when asked for
    return found


def _limit(context: Any) -> None:
    """Give the library's connections a limit in time; they have none of their own."""
    from requests.adapters import HTTPAdapter

    class Limited(HTTPAdapter):
        """Gives up on a service that does not answer."""

        def send(self, request: Any, **given: Any) -> Any:  # type: ignore[override]
            """Send with a limit where none was given."""
            return super().send(request, **given | {"timeout": given.get("timeout") or SECONDS})

    for session in (context._fulcio.session, context._rekor._session):  # noqa: SLF001
        for scheme in ("https://", "http://"):
            session.mount(scheme, Limited())


class _Explained:
    """Turns what the library raises into this program's errors.

    Its clients have errors of their own without a common root, and let those
    of their HTTP client and of their readers through.
    """

    def __init__(self, what: str, *, upstream: bool = False) -> None:
        self._what, self._upstream = what, upstream

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, PratiqueError):
            return
        said = f"{self._what}: {_line(error)}"
        if self._upstream:
            raise UpstreamError(
                said, remedy="Check the addresses of the configuration, and the identity."
            ) from None
        raise EvidenceError(said, remedy="Check the configuration, or renew it.") from None


def _causes(error: BaseException) -> Iterator[str]:
    seen: BaseException | None = error
    for _ in range(4):
        if seen is None:
            return
        text = " ".join(str(seen).split())
        if text:
            yield text
        seen = seen.__cause__
    return


def _line(error: BaseException) -> str:
    text = next(_causes(error), type(error).__name__)
    return text[:300].rstrip(".") + "."
