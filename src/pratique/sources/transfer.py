"""Streams one file over HTTP, for rooms that check what they get as it comes.

Proxies and certificates are taken from the environment, as httpx does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pratique.model.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0

BLOCK = 64 * 1024
"""Bytes handed on at a time."""


class StatusError(UpstreamError):
    """A request was answered with another status than 200.

    Args:
        url: What was asked for.
        status: The answer.
    """

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} was answered with status {status}.")
        self.status = status


class Transfer:
    """Streams files over one client, whose connections are kept; a context manager."""

    def __init__(self) -> None:
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def stream(self, url: str) -> Iterator[bytes]:
        """The content at an address, in blocks as they come; redirects are not followed.

        Args:
            url: ``http://…`` or ``https://…``.

        Raises:
            StatusError: It was answered with another status than 200.
            UpstreamError: There was no answer, or it broke off.
        """
        import httpx

        try:
            with self._connected().stream("GET", url) as answer:
                if answer.status_code != 200:
                    raise StatusError(url, answer.status_code)
                # unencoded, or lengths would be those of something else
                yield from answer.iter_raw(BLOCK)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamError(
                f"{url} cannot be had: {error or type(error).__name__}.",
                remedy="Check the address, the network and its proxy.",
            ) from None

    def _connected(self) -> httpx.Client:
        if self._client is None:
            import httpx

            from pratique import __version__

            self._client = httpx.Client(
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                headers={"User-Agent": f"pratique/{__version__}", "Accept-Encoding": "identity"},
            )
        return self._client
