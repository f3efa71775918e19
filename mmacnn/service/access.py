# Copyright (c) mmacnn authors. All rights reserved.
"""Who may ask: programs with the token, or of this machine alone."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mmacnn.utils import InputError, read_text

from . import LOOPBACK

OPEN = ('/health',)
PAGE_SOURCES = "default-src 'self'; img-src 'self' data:"
LEAST = 16  # characters of a token


def read_token(path: str) -> str:
    """The token in a file.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is too short to be a secret.
    """
    token = read_text(path).strip()
    if len(token) < LEAST or not token.isascii() or not token.isprintable():
        raise InputError(
            f'{Path(path)}: found {len(token)} characters, expected a token of at '
            f'least {LEAST} ASCII characters'
        )
    return token


def make_guard(token: str | None) -> Callable[..., Awaitable[Response]]:
    """A middleware that refuses strangers.

    Without a token, only names of this machine are answered: a web page of somebody
    else cannot ask under a name of its own. Pages of other origins are refused in any
    case; a browser says where a request is from.

    Args:
        token: As ``authorization: Bearer TOKEN``, or the password that a browser asks
            for; None where the service is for this machine alone.
    """

    async def guard(request: Request, call_next: Callable) -> Response:
        origin = request.headers.get('sec-fetch-site', 'none')
        if origin not in ('same-origin', 'none'):
            return _refuse(403, 'found a request of another web page')
        if token is None:
            if _host_name(request.headers.get('host', '')) not in LOOPBACK:
                return _refuse(403, 'expected the host name localhost, or a token')
        elif request.url.path not in OPEN:
            given = _given_token(request.headers.get('authorization', ''))
            if not hmac.compare_digest(given.encode(), token.encode()):
                answer = _refuse(401, 'expected the token')
                answer.headers['www-authenticate'] = 'Basic realm="mmacnn"'
                return answer
        answer = await call_next(request)
        answer.headers['x-content-type-options'] = 'nosniff'
        answer.headers['content-security-policy'] = PAGE_SOURCES
        answer.headers.setdefault('cache-control', 'no-store')
        return answer

    return guard


def _refuse(status: int, reason: str) -> Response:
    return JSONResponse(dict(error=reason), status)


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f'//{host}').hostname
    except ValueError:  # brackets that hold no address
        return None


def _given_token(header: str) -> str:
    """The token of an ``authorization`` header; '' without one."""
    kind, _, value = header.partition(' ')
    if kind.lower() == 'bearer':
        return value
    if kind.lower() != 'basic':
        return ''
    try:
        return base64.b64decode(value).decode().partition(':')[2]
    except (binascii.Error, UnicodeDecodeError):
        return ''
