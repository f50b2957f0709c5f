"""Send OpenIM's callbacks: before and after a user is registered or updated, and about presence."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from functools import partial

from ...errors import BadRequest, Overloaded, WebhookRejected, WebhookResponseInvalid, WebhookUnavailable
from ...formats import go_json
from ...formats.json_body import check_values, decode, unmarshal
from ...formats.schema import bind_json
from ...models import (
    PresenceChange,
    PresenceStatus,
    User,
    UserChanges,
    UserEvent,
    UserRegistered,
    UserUpdated,
)
from ...webhooks.delivery import Delivery
from ...webhooks.http_client import DeliveryFailed, HttpResponse
from ...webhooks.senders import Sender, SenderSetup
from ...webhooks.signing import change_headers, signed_headers
from . import callback_bodies as bodies
from .callback_bodies import Body, CommonCallbackResp
from .settings import OpenIMSettings

_CONTENT_TYPE = "application/json; charset=utf-8"
_EVENT_CALLBACKS = {
    UserRegistered.kind: ("afterUserRegister",),
    UserUpdated.kind: ("afterUpdateUserInfo", "afterUpdateUserInfoEx"),
}
_PRESENCE_CALLBACKS = ("afterUserOnline", "afterUserOffline", "afterUserKickOff", "presenceReset")


def senders(setup: SenderSetup) -> Sequence[Sender]:
    """Return the sender of OpenIM's callbacks, if the settings name a receiver."""
    return [OpenIMWebhooks(setup)] if setup.settings.groups[OpenIMSettings].openim_callback_url else []


class OpenIMWebhooks(Sender):
    """The sender of OpenIM's callbacks."""

    def __init__(self, setup: SenderSetup) -> None:
        settings = setup.settings.groups[OpenIMSettings]
        self.url = settings.openim_callback_url
        self.hooks = self
        self._generation = bodies.GENERATIONS[settings.openim_callback_generation]
        self._callbacks = {callback.name: callback for callback in settings.openim_callbacks}
        self._secret = setup.settings.webhook_secret
        self._http = setup.http
        self._allowance = setup.allowance
        self._clock = setup.clock
        self.asks_before_registering = "beforeUserRegister" in self._callbacks
        self.wants_presence = self._sends(*_PRESENCE_CALLBACKS)
        self.wanted_events = frozenset(
            kind for kind, names in _EVENT_CALLBACKS.items() if self._sends(*names)
        )

    def _sends(self, *names: str) -> bool:
        """Return whether any of the callbacks is configured."""
        return not self._callbacks.keys().isdisjoint(names)

    def before_registering(self, users: Sequence[User]) -> Sequence[User]:
        """Return the users as the receiver amends them. Raises WebhookRejected or WebhookUnavailable."""
        name = "beforeUserRegister"
        if name not in self._callbacks:
            return users
        answer = self._ask(name, bodies.registration(self._generation, name, users), _new_id())
        return bodies.registered(users, answer) if answer else users

    def before_updating(self, event: UserUpdated) -> UserChanges:
        """Return the changes as the receiver amends them. Raises WebhookRejected or WebhookUnavailable."""
        name = f"beforeUpdateUserInfo{'Ex' if event.exact else ''}"
        if name not in self._callbacks:
            return event.changes
        operation_id = _new_id()
        answer = self._ask(name, bodies.update(self._generation, name, event, operation_id), operation_id)
        return bodies.updated(event, answer) if answer else event.changes

    def _ask(self, name: str, content: Body, delivery_id: str) -> CommonCallbackResp | None:
        """Return the answer; None if it is unusable and the callback does not fail closed."""
        try:
            answer = self._answer(name, content, delivery_id)
        except WebhookUnavailable:
            if self._callbacks[name].fails_closed:
                raise
            return None
        if self._generation.refuses(answer):
            code = answer.err_code if answer.err_code > 0 else self._generation.default_code
            raise WebhookRejected(code, answer.err_msg, answer.err_dlt)
        return answer

    def _answer(self, name: str, content: Body, delivery_id: str) -> CommonCallbackResp:
        try:
            with self._allowance.waiting("before-callbacks"):
                response = self._post(name, content, delivery_id)
        except (DeliveryFailed, Overloaded) as error:
            raise WebhookUnavailable(f"{name}: {error}") from error
        # Like upstream, ignore the status; but redirects are not followed, so they are not answers.
        if 300 <= response.status < 400:
            raise WebhookResponseInvalid(f"{name}: a redirect is not followed")
        try:
            return _decode(response.body)
        except BadRequest as error:
            raise WebhookResponseInvalid(f"{name}: {error}") from error

    def notify_event(self, delivery_id: str, event: UserEvent) -> str | None:
        """Send the callback of a user event; return the reason of a failure, or None."""
        if isinstance(event, UserRegistered):
            name = "afterUserRegister"
            content = bodies.registration(self._generation, name, event.users)
        else:
            name = f"afterUpdateUserInfo{'Ex' if event.exact else ''}"
            content = bodies.update(self._generation, name, event, delivery_id)
        return self._notify(name, content, delivery_id) if name in self._callbacks else None

    def presence_deliveries(self, changes: Sequence[PresenceChange], epoch: str) -> list[Delivery]:
        """Return a delivery for each callback of each change; a kick also sends afterUserOffline."""
        return [
            Delivery(
                change.number,
                frozenset({change.user_id}),
                partial(self._notify_presence, name, change, epoch),
                f"{name} {change.number}",
            )
            for change in changes
            for name in _callback_names(change)
            if name in self._callbacks
        ]

    def _notify_presence(self, name: str, change: PresenceChange, epoch: str) -> str | None:
        delivery_id = f"{epoch}-{change.number}{'-kick' if name == 'afterUserKickOff' else ''}"
        content = bodies.presence(self._generation, name, change, delivery_id)
        return self._notify(name, content, delivery_id, change_headers(epoch, change.number))

    def reset_deliveries(self, epoch: str, number: int) -> list[Delivery]:
        """Return the delivery of `presenceReset`, if it is configured."""
        if "presenceReset" not in self._callbacks:
            return []
        delivery_id = f"{epoch}-reset-{number}"
        content = bodies.presence_reset(self._generation, epoch, number, delivery_id)
        headers = change_headers(epoch, number)

        def send() -> str | None:
            return self._notify("presenceReset", content, delivery_id, headers)

        return [Delivery(number, frozenset(), send, "presenceReset")]

    def _notify(
        self, name: str, content: Body, delivery_id: str, more_headers: Mapping[str, str] | None = None
    ) -> str | None:
        try:
            response = self._post(name, content, delivery_id, more_headers)
            if not 200 <= response.status < 300:
                return f"the answer has status {response.status}"
            _decode(response.body)
        except DeliveryFailed as error:
            return str(error)
        except BadRequest as error:
            return f"the answer cannot be read: {error}"
        return None

    def _post(
        self, name: str, content: Body, delivery_id: str, more_headers: Mapping[str, str] | None = None
    ) -> HttpResponse:
        data = go_json.dumps(content)
        headers = {
            "operationID": delivery_id,
            "Content-Type": _CONTENT_TYPE,
            **signed_headers(self._secret, delivery_id, int(self._clock.now()), data),
            **(more_headers or {}),
        }
        url = bodies.address(self.url, self._generation, name)
        return self._http.post(url, headers, data, self._callbacks[name].timeout)


def _callback_names(change: PresenceChange) -> Sequence[str]:
    return {
        PresenceStatus.ONLINE: ("afterUserOnline",),
        PresenceStatus.KICKED: ("afterUserKickOff", "afterUserOffline"),
    }.get(change.status, ("afterUserOffline",))


def _new_id() -> str:
    return secrets.token_hex(16)


def _decode(data: bytes) -> CommonCallbackResp:
    """Decode a receiver's answer. Raises BadRequest."""
    check_values(data)
    return bind_json(CommonCallbackResp, unmarshal(decode(data)))
