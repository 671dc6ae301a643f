"""The gate that every call passes: who is calling, and whether they may.

A credential that was checked once is found again by a look into a dict, until it runs out or a file that it rests on
changes. Streams are ended when their identity runs out, is revoked, or becomes another.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Container, Iterable
from contextvars import ContextVar
from math import inf
from pathlib import Path
from typing import Any, Final

from acd_service.access_settings import AccessSettings
from acd_service.clock import unix_s
from acd_service.config import BadConfig
from acd_service.identity import access_file, api_keys, permissions, tokens
from acd_service.identity.access_file import Access
from acd_service.identity.api_keys import KeyRing
from acd_service.identity.certificates import identity_of_certificate
from acd_service.identity.identity import Identity, caller
from acd_service.identity.key_use import KeyUse
from acd_service.identity.tokens import KeySet, identity_of_token
from acd_service.identity.watched_file import WatchedFile
from acd_service.service_error import PermissionDenied, Unauthenticated

_log = logging.getLogger(__name__)
KNOWN_MAX: Final = 65_536
"""Credentials remembered; beyond it the one that was checked first is forgotten, and checked again when it comes."""
_NOTE_EVERY_S: Final = 60.0
_AT_ONCE: Final = 100
"""Streams looked at in one go when a file changed."""
_BEARER: Final = "bearer "
"""In whatever case (RFC 9110, section 11.1)."""
_RUN_OUT: Final = "the credential has run out"
_NO_TENANT: Final = "your tenant is not served here"
_ENDED: Final = "the credential has run out, was revoked or stands for somebody else now; connect again"
Behaviour = Callable[[Any, Any], Awaitable[Any]]
Credential = str | bytes
"""What came in `authorization`, or a certificate in PEM as bytes."""

metadata_of_call: Final[ContextVar[Any]] = ContextVar("metadata of call", default=None)
"""What came with a call, if it was taken apart already: doing it again costs several microseconds."""


class _Known:
    """Who comes with a credential that was checked."""

    __slots__ = ("expires_at_s", "grants", "identity", "tenant", "was_used")

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.tenant = identity.tenant
        self.expires_at_s = identity.expires_at_s
        self.grants = permissions.grants_of(identity)
        self.was_used = False


class Gate:
    """Checks who calls, by the files that the settings name.

    Args:
        tenants: those that are served here, as they are at each call.
        key_use: where it is noted once a minute which keys were shown.

    Raises:
        BadConfig: a file cannot be used.
    """

    def __init__(self, settings: AccessSettings, tenants: Container[str], key_use: KeyUse | None = None) -> None:
        self._tenants = tenants
        self._key_use = key_use
        self._reload_s = settings.reload_s
        self._known: dict[Credential, _Known] = {}
        self._streams: dict[asyncio.Timeout, tuple[Identity, Credential]] = {}
        self._keys: WatchedFile[KeyRing] | None = None
        self._access: WatchedFile[Access] | None = None
        self._key_set: WatchedFile[KeySet] | None = None
        self._problem = ""
        self._task: asyncio.Task[None] | None = None
        try:
            if settings.api_keys:
                self._keys = WatchedFile(Path(settings.api_keys), KeyRing.parse, api_keys.FILE_BYTES_MAX)
            if settings.rules:
                self._access = WatchedFile(Path(settings.rules), Access.parse, access_file.FILE_BYTES_MAX)
            self._key_set = self._follow_key_set()
        except (OSError, ValueError) as error:
            raise BadConfig(f"access: {error}") from None

    def start(self) -> None:
        """Follow the files, in the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._follow(), name="credentials")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            self._note_use()

    def guard(self, call: str, behaviour: Behaviour, *, is_stream: bool) -> Behaviour:
        """A handler that is reached by those only who may make the call, with `caller` set.

        Args:
            call: `Service/Call`; it has to be one of `permissions.CALLS` or nobody gets through.
        """
        tenants = self._tenants

        def unary(request: Any, context: Any) -> Awaitable[Any]:
            known = self._known.get(_presented(context)) or self._check_anew(context)
            if known.expires_at_s <= unix_s():
                raise Unauthenticated(_RUN_OUT)
            caller.set(known.identity)
            if known.grants.get(call) != "":
                permissions.check(known.identity, call, request)
            if known.tenant not in tenants:
                raise PermissionDenied(_NO_TENANT)
            known.was_used = True
            return behaviour(request, context)

        async def stream(request: Any, context: Any) -> Any:
            identity, credential = self.identify(context), _presented(context)
            caller.set(identity)
            permissions.check(identity, call, request)
            if identity.tenant not in tenants:
                raise PermissionDenied(_NO_TENANT)
            loop = asyncio.get_running_loop()
            ends = None if identity.expires_at_s == inf else loop.time() + identity.expires_at_s - unix_s()
            limit = asyncio.timeout_at(ends)
            self._streams[limit] = identity, credential
            try:
                async with limit:
                    return await behaviour(request, context)
            except TimeoutError:
                if limit.expired():
                    raise Unauthenticated(_ENDED) from None
                raise
            finally:
                del self._streams[limit]

        return stream if is_stream else unary

    def known_caller(self, call: str, metadata: Iterable[tuple[str, Any]]) -> Identity | None:
        """Who makes a call, if that is known from a call before, and sure that they may whatever they ask for."""
        credentials = [value for key, value in metadata if key == "authorization"]
        if len(credentials) != 1 or not isinstance(credentials[0], str):
            return None
        known = self._known.get(credentials[0])
        if known is None or known.expires_at_s <= unix_s() or known.grants.get(call) != "":
            return None
        return known.identity

    def identify(self, context: Any) -> Identity:
        """Who makes a call.

        Raises:
            Unauthenticated: nobody that is known, or nobody any more.
        """
        known = self._known.get(_presented(context)) or self._check_anew(context)
        if known.expires_at_s <= unix_s():
            raise Unauthenticated(_RUN_OUT)
        known.was_used = True
        return known.identity

    def _note_use(self) -> None:
        """Note which API keys were shown since the last time."""
        if self._key_use is None or self._keys is None:
            return
        used = set()
        for known in self._known.values():
            if known.was_used and known.identity.key_id:
                used.add(known.identity.key_id)
            known.was_used = False
        try:
            self._key_use.note(used, self._keys.value.keys, int(unix_s()))
        except OSError as error:
            _log.warning("which keys were used could not be noted: %s", error)

    def _check_anew(self, context: Any) -> _Known:
        return self._remembered(_presented(context))

    def _remembered(self, credential: Credential) -> _Known:
        known = _Known(self._check(credential))
        if len(self._known) >= KNOWN_MAX:
            del self._known[next(iter(self._known))]
        self._known[credential] = known
        return known

    def _check(self, credential: Credential) -> Identity:
        if isinstance(credential, bytes):
            access = self._access
            return identity_of_certificate(credential, access.value.certificates if access is not None else {})
        if credential[: len(_BEARER)].lower() != _BEARER:
            raise Unauthenticated("`authorization: Bearer …` is expected, with a token or an API key")
        credential = credential[len(_BEARER) :].strip()
        if credential.startswith(api_keys.PREFIX):
            found = None if self._keys is None else self._keys.value.find(credential)
            if found is None:
                raise Unauthenticated("the API key is not known, or was revoked")
            return found
        rules = None if self._access is None else self._access.value.tokens
        if rules is None or self._key_set is None:
            raise Unauthenticated("bearer tokens are not taken here")
        return identity_of_token(credential, self._key_set.value, rules)

    def _follow_key_set(self) -> WatchedFile[KeySet] | None:
        access = self._access
        if access is None or access.value.tokens is None:
            return None
        path = access_file.key_set_path(access.path, access.value)
        if self._key_set is not None and self._key_set.path == path:
            return self._key_set
        return WatchedFile(path, KeySet.parse, tokens.FILE_BYTES_MAX)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        noted = loop.time()
        while True:
            await asyncio.sleep(self._reload_s)
            if loop.time() - noted >= _NOTE_EVERY_S:
                noted = loop.time()
                self._note_use()
            try:
                is_stale = self._problem or any(file.is_stale() for file in self._files())
                if is_stale and await asyncio.to_thread(self._reload):
                    self._note_use()
                    self._known.clear()
                    await self._end_streams()
            except Exception:
                _log.exception("the files of credentials could not be looked at")

    def _files(self) -> list[WatchedFile[Any]]:
        return [file for file in (self._keys, self._access, self._key_set) if file is not None]

    def _reload(self) -> bool:
        """Read the files that changed; whether one says something new."""
        changed = [file.refresh() for file in self._files()]
        try:
            self._key_set, self._problem = self._follow_key_set(), ""
        except (OSError, ValueError) as error:
            if str(error) != self._problem:
                _log.error("no token is taken until its keys can be read: %s", error)
            self._key_set, self._problem = None, str(error)
        return any(changed)

    async def _end_streams(self) -> None:
        """End the streams of those who are no longer who they were."""
        for count, (limit, (identity, credential)) in enumerate(list(self._streams.items()), 1):
            if limit in self._streams and not self._is_still(identity, credential):
                with contextlib.suppress(RuntimeError):  # it is ending already
                    limit.reschedule(asyncio.get_running_loop().time())
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _is_still(self, identity: Identity, credential: Credential) -> bool:
        try:
            return (self._known.get(credential) or self._remembered(credential)).identity == identity
        except Unauthenticated:
            return False


def _presented(context: Any) -> Credential:
    """The credential that came with a call: what its metadata hold, else its connection's certificate.

    Raises:
        Unauthenticated: there is none, or something that is none.
    """
    metadata: Iterable[tuple[str, Any]] | None = metadata_of_call.get()
    if metadata is None:
        metadata = context.invocation_metadata() or ()
    found: str | None = None
    for key, value in metadata:
        if key == "authorization":
            # Bytes would pass for a certificate that gRPC has checked.
            if found is not None or not isinstance(value, str):
                raise Unauthenticated("one credential is expected with a call")
            found = value
    if found is not None:
        return found
    certificate: list[bytes] = context.auth_context().get("x509_pem_cert") or []
    if not certificate:
        raise Unauthenticated("no credential came with the call: a token, an API key or a certificate is needed")
    return certificate[0]
