"""OpenIM's callbacks: every byte in each generation, and what the answers do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from typing import Any

import pytest
from rollcall_server.errors import (
    ArgumentTooLong,
    UserExists,
    UserIDInvalid,
    UserNotFound,
    WebhookRejected,
    WebhookResponseInvalid,
    WebhookUnavailable,
)
from rollcall_server.models import User, UserChanges
from rollcall_server.services import Services

from tests.support.server import PATIENCE
from tests.support.sink import FINE, Answer, Received, Sink, answering, garbled, hung_up, silent, trickling
from tests.webhooks.conftest import SECRET, MakeServices

ALICE = User("alice", "Alice", "face", 1, "123", 5, "a@b.c", "ex", 2, 1)
ALICE_INFO = (
    '{"userID":"alice","nickname":"Alice","faceURL":"face","ex":"ex","createTime":0,"appMangerLevel":2,'
    '"globalRecvMsgOpt":1}'
)
CHANGES = UserChanges("New", None, "x")


@pytest.mark.parametrize(
    ("generation", "path", "body"),
    [
        ("3.5", "/callbackBeforeUserRegisterCommand", '"secret":"","users":[%s]'),
        ("3.7", "/callbackBeforeUserRegisterCommand", '"users":[%s]'),
    ],
)
def test_a_registration_sends_the_before_and_the_after_callback(
    make_services: MakeServices, sink: Sink, generation: str, path: str, body: str
) -> None:
    services = make_services("beforeUserRegister,afterUserRegister", openim_callback_generation=generation)
    services.users.register([ALICE])
    before, after = sink.wait_for(2)
    rest = body % ALICE_INFO
    assert (before.path, before.body.decode()) == (
        path,
        f'{{"callbackCommand":"callbackBeforeUserRegisterCommand",{rest}}}',
    )
    assert (after.path, after.body.decode()) == (
        path.replace("Before", "After"),
        f'{{"callbackCommand":"callbackAfterUserRegisterCommand",{rest}}}',
    )
    for received in (before, after):
        assert received.headers["content-type"] == "application/json; charset=utf-8"
        assert received.headers["operationid"] == received.headers["webhook-id"]
        message = ".".join((received.headers["webhook-id"], received.headers["webhook-timestamp"], ""))
        digest = hmac.new(SECRET.encode(), message.encode() + received.body, hashlib.sha256).digest()
        assert received.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
        assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    assert services.users.get("alice")[:-1] == ALICE[:-1]


UPDATES = "beforeUpdateUserInfo,afterUpdateUserInfo,beforeUpdateUserInfoEx,afterUpdateUserInfoEx"


@pytest.mark.parametrize(
    ("exact", "before", "after"),
    [
        (
            False,
            '{"callbackCommand":"callbackBeforeUpdateUserInfoCommand","userID":"alice","nickName":"New",'
            '"faceURL":"","ex":null}',
            '{"callbackCommand":"callbackAfterUpdateUserInfoCommand","userID":"alice","nickName":"New",'
            '"faceURL":"","ex":""}',
        ),
        (
            True,
            '{"callbackCommand":"callbackBeforeUpdateUserInfoExCommand","userID":"alice","nickName":"New",'
            '"faceURL":null,"ex":null}',
            '{"callbackCommand":"callbackAfterUpdateUserInfoExCommand","userID":"alice","nickName":"New",'
            '"faceURL":null,"ex":null}',
        ),
    ],
)
def test_an_update_sends_the_before_and_the_after_callback(
    make_services: MakeServices, sink: Sink, exact: bool, before: str, after: str
) -> None:
    services = make_services(UPDATES)
    services.users.register([ALICE])
    services.users.update_profile("alice", CHANGES, exact=exact)
    assert [received.body.decode() for received in sink.wait_for(2)] == [before, after]
    assert services.users.get("alice")[1:8] == ("New", *ALICE[2:7], "x")
    assert [received.path for received in sink.received] == [
        f"/{json.loads(body)['callbackCommand']}" for body in (before, after)
    ]


def test_a_3_4_callback_has_an_operation_id_and_its_command_in_the_query(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services(
        "beforeUpdateUserInfo", openim_callback_generation="3.4", openim_callback_url=sink.url + "/a?b=c"
    )
    services.users.register([ALICE])
    services.users.update_profile("alice", CHANGES)
    (received,) = sink.received
    assert received.path == "/a?b=c&command=callbackBeforeUpdateUserInfoCommand"
    assert list(received.json) == ["callbackCommand", "operationID", "userID", "nickName", "faceURL", "ex"]
    assert received.json["operationID"] == received.headers["operationid"]


PRESENCE = "afterUserOnline,afterUserOffline,afterUserKickOff"


@pytest.mark.parametrize(
    ("generation", "online", "offline", "kicked", "token"),
    [
        (
            "2.3",
            "?callbackCommand=callbackUserOnlineCommand",
            "?callbackCommand=callbackUserOfflineCommand",
            "?callbackCommand=callbackUserKickOffCommand",
            ',"token":""',
        ),
        (
            "3.4",
            "?command=callbackUserOnlineCommand",
            "?command=callbackUserOfflineCommand",
            "?command=callbackUserKickOffCommand",
            "",
        ),
        (
            "3.5",
            "/callbackUserOnlineCommand",
            "/callbackUserOfflineCommand",
            "/callbackUserKickOffCommand",
            "",
        ),
        (
            "3.7",
            "/callbackAfterUserOnlineCommand",
            "/callbackAfterUserOfflineCommand",
            "/callbackAfterUserKickOffCommand",
            "",
        ),
    ],
)
def test_online_offline_and_kick_off_are_sent_in_each_generation(
    make_services: MakeServices,
    sink: Sink,
    generation: str,
    online: str,
    offline: str,
    kicked: str,
    token: str,
) -> None:
    services = make_services(PRESENCE, openim_callback_generation=generation)
    services.users.register([ALICE])
    presence = services.presence
    presence.touch("alice", 1, 60, "c", True)
    presence.leave("alice", 1)
    presence.touch("alice", 99, 60)
    presence.remove("alice")
    requests = sink.wait_for(5)
    expected = [
        (online, 1, "IOS", 1, "", '"isAppBackground":true,"connID":"c"'),
        (offline, 1, "IOS", 2, "", '"connID":"c"'),
        (online, 99, "", 3, "", '"isAppBackground":false,"connID":""'),
        (kicked, 99, "", 4, "-kick", ""),
        (offline, 99, "", 4, "", '"connID":""'),
    ]
    changes = presence.changes(presence.epoch, 0, 9).changes or []
    for received, (path, platform_id, platform, number, suffix, rest) in zip(requests, expected, strict=True):
        command = path.split("=")[-1].removeprefix("/")
        delivery = f"{presence.epoch}-{number}{suffix}"
        token_here = token if path == online else ""
        tail = f",{rest}" if rest else ""
        assert received.path.removeprefix("/?").removeprefix("/") == path.removeprefix("/").removeprefix("?")
        assert received.body.decode() == (
            f'{{"callbackCommand":"{command}","operationID":"{delivery}","platformID":{platform_id},'
            f'"platform":"{platform}","userID":"alice"{token_here},"seq":{changes[number - 1].time}{tail}}}'
        )
        assert received.headers["webhook-id"] == received.headers["operationid"] == delivery
        assert received.headers["rollcall-epoch"] == presence.epoch
        assert received.headers["rollcall-number"] == str(number)


def test_only_configured_callbacks_are_sent_and_stored(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("afterUserOffline")
    services.users.register([ALICE])
    services.users.update_profile("alice", CHANGES)
    services.presence.touch("alice", 1, 60)
    services.presence.remove("alice")
    (received,) = sink.wait_for(1)
    assert received.json["callbackCommand"] == "callbackAfterUserOfflineCommand"
    assert services.events.pending(0, 10) == []


def fine_with(**fields: Any) -> bytes:
    return json.dumps({**json.loads(FINE), **fields}).encode()


@pytest.mark.parametrize(
    ("generation", "answer", "refusal"),
    [
        (
            "3.7",
            fine_with(actionCode=0, nextCode=1, errCode=20001, errMsg="no", errDlt="why"),
            (20001, "no", "why"),
        ),
        ("3.7", fine_with(actionCode=0, nextCode=1), (500, "", "")),
        ("3.7", fine_with(actionCode=0, nextCode=1, errCode=-1), (500, "", "")),
        ("3.7", fine_with(actionCode=1, nextCode=1, errCode=20001), None),
        ("3.7", fine_with(actionCode=1), None),
        ("3.7", fine_with(errCode=20001), None),
        ("3.7", fine_with(nextCode=2), None),
        ("3.7", b"{}", None),
        ("3.5", fine_with(actionCode=1, errCode=20001, errMsg="no"), (20001, "no", "")),
        ("3.5", fine_with(nextCode=1), (80000, "", "")),
        ("3.5", fine_with(errCode=20001), None),
        ("3.5", FINE, None),
    ],
)
def test_an_answer_refuses_by_the_rules_of_its_generation(
    make_services: MakeServices,
    sink: Sink,
    generation: str,
    answer: bytes,
    refusal: tuple[int, str, str] | None,
) -> None:
    services = make_services("beforeUserRegister", openim_callback_generation=generation)
    sink.behave = answering(answer, 500)  # Upstream ignores the status, too.
    if refusal is None:
        services.users.register([ALICE])
        assert services.users.existing_ids(["alice"]) == {"alice"}
        return
    with pytest.raises(WebhookRejected) as refused:
        services.users.register([ALICE])
    assert (refused.value.code, refused.value.message, refused.value.detail) == refusal
    assert services.users.existing_ids(["alice"]) == set()


@pytest.mark.parametrize(
    ("answer", "code"), [(fine_with(actionCode=1), 80000), (fine_with(errCode=7), 7), (FINE, None)]
)
def test_a_3_4_answer_refuses_by_its_action_code_or_its_error_code(
    make_services: MakeServices, sink: Sink, answer: bytes, code: int | None
) -> None:
    services = make_services("beforeUpdateUserInfo", openim_callback_generation="3.4")
    services.users.register([ALICE])
    sink.behave = answering(answer)
    if code is None:
        services.users.update_profile("alice", CHANGES)
    else:
        with pytest.raises(WebhookRejected) as refused:
            services.users.update_profile("alice", CHANGES)
        assert refused.value.code == code
    assert services.users.get("alice").nickname == ("New" if code is None else "Alice")


def test_an_answer_may_replace_all_users(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("beforeUserRegister,afterUserRegister")
    amended = [
        {"userID": "alice", "nickname": "A", "appMangerLevel": 1, "createTime": 9},
        None,
        {"userID": "carol", "ex": "e", "globalRecvMsgOpt": 2, "faceURL": "f"},
    ]
    sink.behave = answering(fine_with(users=amended))
    services.users.register([ALICE, User("bob")])
    alice = ALICE._replace(nickname="A", face_url="", ex="", level=1, global_recv_msg_opt=0)
    carol = User("carol", face_url="f", ex="e", global_recv_msg_opt=2)
    found = services.users.get_many(["alice", "bob", "carol"], unknown=True)
    assert [user[:-1] for user in found] == [alice[:-1], carol[:-1]]
    assert [user["userID"] for user in sink.wait_for(2)[1].json["users"]] == ["alice", "carol"]


@pytest.mark.parametrize("users", [None, [], [None]])
def test_an_answer_without_users_keeps_the_requests_users(
    make_services: MakeServices, sink: Sink, users: Any
) -> None:
    services = make_services("beforeUserRegister")
    sink.behave = answering(fine_with(users=users))
    services.users.register([ALICE])
    assert services.users.get("alice")[:-1] == ALICE[:-1]


def test_values_amended_by_an_answer_are_validated(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("beforeUserRegister,beforeUpdateUserInfo")
    sink.behave = answering(fine_with(users=[{"userID": "x" * 65}], nickName="n" * 70_000))
    with pytest.raises(UserIDInvalid):
        services.users.register([ALICE])
    sink.behave = answering(fine_with(users=[{"userID": "a", "nickname": "n" * 70_000}]))
    with pytest.raises(ArgumentTooLong):
        services.users.register([ALICE])
    sink.behave = answering()
    services.users.register([ALICE])
    sink.behave = answering(fine_with(nickName="n" * 70_000))
    with pytest.raises(ArgumentTooLong):
        services.users.update_profile("alice", CHANGES)


@pytest.mark.parametrize(
    ("exact", "answer", "expected"),
    [
        (False, {"nickName": "Other", "faceURL": "f2"}, ("Other", "f2", "x")),
        (False, {"nickName": "", "ex": ""}, ("Alice", "face", "ex")),
        (False, {"nickName": None}, ("New", "face", "x")),
        (True, {"nickName": "", "faceURL": "f2", "ex": "e2"}, ("", "f2", "e2")),
        (True, {}, ("New", "face", "x")),
    ],
)
def test_an_answer_may_amend_a_profile_update(
    make_services: MakeServices, sink: Sink, exact: bool, answer: dict[str, Any], expected: tuple[str, ...]
) -> None:
    services = make_services(UPDATES)
    services.users.register([ALICE])
    sink.behave = answering(fine_with(**answer))
    services.users.update_profile("alice", CHANGES, exact=exact)
    user = services.users.get("alice")
    assert (user.nickname, user.face_url, user.ex) == expected
    sent = sink.wait_for(2)[1].json
    assert sent["nickName"] == (expected[0] if expected[0] != "Alice" else "")


FAILURES = {
    "closes": (hung_up, WebhookUnavailable),
    "no HTTP": (garbled, WebhookUnavailable),
    "silent": (silent, WebhookUnavailable),
    "trickling": (trickling, WebhookUnavailable),
    "no JSON": (answering(b"<html>"), WebhookResponseInvalid),
    "another type": (answering(b'{"actionCode":"0"}'), WebhookResponseInvalid),
    "a list": (answering(b"[]"), WebhookResponseInvalid),
    "nothing": (answering(b""), WebhookResponseInvalid),
    "a redirect": (answering(FINE, 302), WebhookResponseInvalid),
    "large": (answering(b" " * (16 * 1024 * 1024 + 1)), WebhookUnavailable),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("policy", [":1", ":1:refuse"])
def test_without_a_valid_answer_the_failure_policy_decides(
    make_services: MakeServices, sink: Sink, failure: str, policy: str
) -> None:
    behave, error = FAILURES[failure]
    services = make_services(f"beforeUserRegister{policy}")
    sink.behave = behave
    begun = time.monotonic()
    if policy.endswith("refuse"):
        with pytest.raises(error):
            services.users.register([ALICE])
    else:
        services.users.register([ALICE])
    assert time.monotonic() - begun < 3
    assert bool(services.users.existing_ids(["alice"])) == (not policy.endswith("refuse"))
    assert len(sink.received) == 1


def test_without_a_receiver_the_failure_policy_decides(make_services: MakeServices, sink: Sink) -> None:
    sink.close()
    for policy, is_registered in (("5", True), ("5:refuse", False)):
        services = make_services(f"beforeUserRegister:{policy}")
        user = User(f"u{is_registered}")
        if is_registered:
            services.users.register([user])
        else:
            with pytest.raises(WebhookUnavailable):
                services.users.register([user])
        assert bool(services.users.existing_ids([user.user_id])) == is_registered
        services.stop()


def test_an_invalid_registration_sends_no_before_callback(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("beforeUserRegister")
    services.users.register([ALICE])
    for users, error in (([ALICE], UserExists), ([User("x\n")], UserIDInvalid)):
        with pytest.raises(error):
            services.users.register(users)
    request = services.codecs["v2"].request("alice", 1)
    with pytest.raises(UserExists):
        services.registration.register_with_token(ALICE, request)
    assert len(sink.received) == 1


def test_an_update_of_an_unknown_user_sends_no_after_callback(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services(UPDATES)
    with pytest.raises(UserNotFound):
        services.users.update_profile("nobody", CHANGES)
    services.users.update_profile("nobody", CHANGES, unknown=True)
    assert [received.json["callbackCommand"] for received in sink.received] == [
        "callbackBeforeUpdateUserInfoCommand"
    ] * 2
    assert services.events.pending(0, 10) == []


def test_a_registration_with_a_token_sends_the_before_and_the_after_callback(
    make_services: MakeServices, sink: Sink
) -> None:
    services = make_services("beforeUserRegister,afterUserRegister")
    sink.behave = answering(fine_with(users=[{"userID": "another", "nickname": "Amended"}]))
    codecs = services.codecs
    services.registration.register_with_token(User("v2"), codecs["v2"].request("v2", 1))
    get_token(services, "rong")
    get_token(services, "rong")
    names = [(user.user_id, user.nickname) for user in services.users.get_many(["v2", "rong"], unknown=True)]
    assert names == [("v2", "Amended"), ("rong", "Rong")]
    sent = [
        (received.json["callbackCommand"][8:14], [user["userID"] for user in received.json["users"]])
        for received in sink.wait_for(4)
    ]
    assert sorted(sent) == [
        ("AfterU", ["rong"]),
        ("AfterU", ["v2"]),
        ("Before", ["rong"]),
        ("Before", ["v2"]),
    ]


def get_token(services: Services, user_id: str) -> None:
    request = services.codecs["rongcloud"].request(issuer="live-app-key", user_id=user_id)
    services.registration.get_or_register(User(user_id, "Rong"), request, once=False)


def test_a_quarter_of_the_threads_may_wait_for_a_silent_receiver(
    make_services: MakeServices, sink: Sink
) -> None:
    """Further requests are answered at once, as if the receiver had not answered in time."""
    callbacks = "beforeUpdateUserInfo:15:refuse"
    services = make_services(callbacks, threads=4)
    services.users.register([ALICE])
    asked, may_answer = threading.Event(), threading.Event()

    def wait(received: Received, connection: socket.socket) -> Answer:
        asked.set()
        may_answer.wait(PATIENCE)
        return 200, FINE

    sink.behave = wait
    waiting = threading.Thread(target=services.users.update_profile, args=("alice", CHANGES))
    waiting.start()
    assert asked.wait(PATIENCE)
    with pytest.raises(WebhookUnavailable) as refusal:
        services.users.update_profile("alice", CHANGES)
    assert str(refusal.value) == "beforeUpdateUserInfo: too many requests wait at a time, try again later"
    may_answer.set()
    waiting.join(PATIENCE)
    assert services.users.get("alice").nickname == "New"
    services.users.update_profile("alice", CHANGES)


def test_an_answer_of_a_receiver_has_at_most_a_mebibyte(make_services: MakeServices, sink: Sink) -> None:
    services = make_services("beforeUserRegister:5:refuse")
    sink.behave = answering(fine_with(users=None).rstrip() + b" " * 1024 * 1024)
    with pytest.raises(WebhookUnavailable, match="beforeUserRegister: the answer is too large"):
        services.users.register([ALICE])
    sink.behave = answering(b"[" + b"0," * 125_001 + b"0]")
    with pytest.raises(
        WebhookResponseInvalid, match="beforeUserRegister: request body has over 125000 values"
    ):
        services.users.register([ALICE])
