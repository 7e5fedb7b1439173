"""Hands a message to a mail server (RFC 5321), encrypted unless that is this machine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.errors import UpstreamError

if TYPE_CHECKING:
    from email.message import EmailMessage

SECONDS = 30.0
"""Longest wait for one answer of the server."""


class MailError(UpstreamError):
    """A message was not taken.

    Args:
        message: What happened; without what was sent to log in.
        final: Whether trying again is pointless: the server answered with a code of 500 or more.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def send(
    message: EmailMessage,
    host: str,
    port: int,
    *,
    security: str = "starttls",
    ca: str = "",
    login: tuple[str, str] | None = None,
) -> None:
    """Send a message to all of its recipients.

    Args:
        message: With its sender and recipients.
        host: Of the server.
        port: Of the server.
        security: ``starttls`` (RFC 3207; a server that does not offer it gets nothing),
            ``tls`` or ``none``.
        ca: File of the certificate authorities to trust; the system's where it is empty.
        login: User and password.

    Raises:
        MailError: The server did not take it.
    """
    import smtplib
    import ssl

    try:
        context = ssl.create_default_context(cafile=ca or None)
        if security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=SECONDS)
        with server:
            if security == "starttls":
                server.starttls(context=context)
            if login is not None:
                server.login(*login)
            refused = server.send_message(message)
    except smtplib.SMTPResponseException as error:
        final = error.smtp_code >= 500
        raise MailError(f"{host} answered with {error.smtp_code}.", final=final) from None
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        final = all(code >= 500 for code in codes)
        raise MailError(f"{host} refused every recipient ({codes[0]}).", final=final) from None
    except smtplib.SMTPNotSupportedError:
        raise MailError(f"{host} does not offer what is needed: {security}.", final=True) from None
    except ssl.SSLCertVerificationError:
        raise MailError(f"the certificate of {host} is not trusted.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"{host} cannot be reached: {type(error).__name__}.") from None
    if refused:
        raise MailError(f"{host} refused {len(refused)} of the recipients.", final=True)
