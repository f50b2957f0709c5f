"""Send OpenIM's callbacks: ask before, tell afterwards, tell who comes and goes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from app.clock import Clock
from app.errors import BadRequest, WebhookRejected, WebhookResponseInvalid, WebhookUnavailable
from app.models import (
    PresenceChange,
    PresenceStatus,
    User,
    UserChanges,
    UserEvent,
    UserRegistered,
    UserUpdated,
)
from app.setting_types import Callback
from app.webhooks import openim_callbacks as callbacks
from app.webhooks.http_client import DeliveryFailed, HttpClient, HttpResponse
from app.webhooks.openim_callbacks import Body, CallbackAnswer
from app.webhooks.signing import change_headers, signed_headers
from app.wire import body, go_json
from app.wire.schema import bind

_CONTENT_TYPE = "application/json; charset=utf-8"


class OpenIMWebhooks:
    """The receiver of OpenIM's callbacks."""

    def __init__(
        self,
        url: str,
        generation: str,
        wanted: Sequence[Callback],
        secret: str,
        http: HttpClient,
        clock: Clock,
    ) -> None:
        self._url = url
        self._generation = callbacks.GENERATIONS[generation]
        self._wanted = {callback.name: callback for callback in wanted}
        self._secret = secret
        self._http = http
        self._clock = clock
        self.asks_before_registering = "beforeUserRegister" in self._wanted

    def wants(self, *names: str) -> bool:
        """Tell whether one of the callbacks is to be sent."""
        return not self._wanted.keys().isdisjoint(names)

    def wanted_events(self) -> frozenset[str]:
        """Return the kinds of events that are to be kept for it."""
        kinds = {
            UserRegistered.kind: ("afterUserRegister",),
            UserUpdated.kind: ("afterUpdateUserInfo", "afterUpdateUserInfoEx"),
        }
        return frozenset(kind for kind, names in kinds.items() if self.wants(*names))

    def before_registering(self, users: Sequence[User]) -> Sequence[User]:
        """Ask whether users may be registered, and as what. Raises WebhookRejected or WebhookUnavailable."""
        name = "beforeUserRegister"
        if name not in self._wanted:
            return users
        answer = self._ask(name, callbacks.registration(self._generation, name, users), _new_id())
        return callbacks.registered(users, answer) if answer else users

    def before_updating(self, event: UserUpdated) -> UserChanges:
        """Run the before-update hook; return the changes to write.

        Raises WebhookRejected or WebhookUnavailable.
        """
        name = f"beforeUpdateUserInfo{'Ex' if event.exact else ''}"
        if name not in self._wanted:
            return event.changes
        operation_id = _new_id()
        answer = self._ask(name, callbacks.update(self._generation, name, event, operation_id), operation_id)
        return callbacks.updated(event, answer) if answer else event.changes

    def _ask(self, name: str, content: Body, delivery_id: str) -> CallbackAnswer | None:
        """Return the answer; None if there is none and that does not matter."""
        try:
            answer = self._answer(name, content, delivery_id)
        except WebhookUnavailable:
            if self._wanted[name].fails_closed:
                raise
            return None
        if self._generation.refuses(answer):
            code = answer.err_code if answer.err_code > 0 else self._generation.code_of_nothing
            raise WebhookRejected(code, answer.err_msg, answer.err_dlt)
        return answer

    def _answer(self, name: str, content: Body, delivery_id: str) -> CallbackAnswer:
        try:
            reply = self._post(name, content, delivery_id)
        except DeliveryFailed as error:
            raise WebhookUnavailable(f"{name}: {error}") from error
        # As upstream, the status does not matter; but a redirect is not followed, so it is no answer.
        if 300 <= reply.status < 400:
            raise WebhookResponseInvalid(f"{name}: a redirect is not followed")
        try:
            return _read(reply.body)
        except BadRequest as error:
            raise WebhookResponseInvalid(f"{name}: {error}") from error

    def notify(self, delivery_id: str, event: UserEvent) -> str | None:
        """Tell what happened to users; return why that failed, or None."""
        if isinstance(event, UserRegistered):
            name = "afterUserRegister"
            content = callbacks.registration(self._generation, name, event.users)
        else:
            name = f"afterUpdateUserInfo{'Ex' if event.exact else ''}"
            content = callbacks.update(self._generation, name, event, delivery_id)
        return self._notify(name, content, delivery_id) if name in self._wanted else None

    def presence_names(self, change: PresenceChange) -> list[str]:
        """Return the callbacks that tell of a change, in order: who is kicked also goes."""
        names = {
            PresenceStatus.ONLINE: ["afterUserOnline"],
            PresenceStatus.KICKED: ["afterUserKickOff", "afterUserOffline"],
        }.get(change.status, ["afterUserOffline"])
        return [name for name in names if name in self._wanted]

    def notify_presence(self, name: str, change: PresenceChange, epoch: str) -> str | None:
        """Tell of a connection that came or went; return why that failed, or None."""
        delivery_id = f"{epoch}-{change.number}{'-kick' if name == 'afterUserKickOff' else ''}"
        content = callbacks.presence(self._generation, name, change, delivery_id)
        return self._notify(name, content, delivery_id, change_headers(epoch, change.number))

    def notify_reset(self, epoch: str, number: int) -> str | None:
        """Tell that what was known of presence is void; return why that failed, or None."""
        delivery_id = f"{epoch}-reset-{number}"
        content = callbacks.presence_reset(self._generation, epoch, number, delivery_id)
        return self._notify("presenceReset", content, delivery_id, change_headers(epoch, number))

    def _notify(
        self, name: str, content: Body, delivery_id: str, more: Mapping[str, str] | None = None
    ) -> str | None:
        try:
            reply = self._post(name, content, delivery_id, more)
            if not 200 <= reply.status < 300:
                return f"the answer has status {reply.status}"
            _read(reply.body)
        except DeliveryFailed as error:
            return str(error)
        except BadRequest as error:
            return f"the answer cannot be read: {error}"
        return None

    def _post(
        self, name: str, content: Body, delivery_id: str, more: Mapping[str, str] | None = None
    ) -> HttpResponse:
        data = go_json.dumps(content)
        headers = {
            "operationID": delivery_id,
            "Content-Type": _CONTENT_TYPE,
            **signed_headers(self._secret, delivery_id, int(self._clock.now()), data),
            **(more or {}),
        }
        url = callbacks.address(self._url, self._generation, name)
        return self._http.post(url, headers, data, self._wanted[name].timeout)


def _new_id() -> str:
    return secrets.token_hex(16)


def _read(data: bytes) -> CallbackAnswer:
    """Return what an answer says. Raises BadRequest."""
    value = body.unmarshal(body.decode(data))
    return bind(CallbackAnswer, value)
