"""What requests may hold together: memory, and threads that wait."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
from flask import Flask
from rollcall_server.capacity import MemoryBudget, ThreadAllowance
from rollcall_server.errors import ArgumentTooLong, Overloaded
from rollcall_server.models import EVERYTHING, Page, User, UserFilter

from tests.conftest import MakeApp
from tests.dialects.conftest import NOW
from tests.support import tokens
from tests.support.server import PATIENCE


def test_memory_is_held_by_a_thread_until_it_releases_it() -> None:
    budget = MemoryBudget("large", 10, ThreadAllowance(1), seconds=0.0)
    budget.take(6)
    budget.take(4)
    with pytest.raises(Overloaded, match="too many large requests at a time, try again later"):
        budget.take(1)
    refused: list[Overloaded] = []

    def take_in_another_thread() -> None:
        budget.release()
        try:
            budget.take(1)
        except Overloaded as error:
            refused.append(error)

    other = threading.Thread(target=take_in_another_thread)
    other.start()
    other.join(PATIENCE)
    assert len(refused) == 1
    budget.release()
    budget.release()
    budget.take(10)


def test_a_request_waits_for_the_memory_that_another_releases() -> None:
    budget = MemoryBudget("large", 10, ThreadAllowance(1), seconds=PATIENCE)
    taken = threading.Event()
    budget.take(10)

    def take_in_another_thread() -> None:
        budget.take(10)
        taken.set()

    other = threading.Thread(target=take_in_another_thread)
    other.start()
    assert not taken.is_set()
    budget.release()
    assert taken.wait(PATIENCE)
    other.join(PATIENCE)


def test_a_request_does_not_wait_for_memory_if_too_many_do() -> None:
    allowance = ThreadAllowance(4)
    budget = MemoryBudget("large", 10, allowance, seconds=PATIENCE)
    budget.take(10)
    with allowance.waiting("large"), pytest.raises(Overloaded, match="too many requests wait at a time"):
        budget.take(1)


@pytest.mark.parametrize(("threads", "of_a_kind", "of_all"), [(1, 1, 1), (2, 1, 1), (8, 2, 4), (64, 16, 32)])
def test_half_of_the_threads_may_wait_and_a_quarter_for_each_kind(
    threads: int, of_a_kind: int, of_all: int
) -> None:
    allowance = ThreadAllowance(threads)
    with ExitStack() as stack:
        for number in range(of_all):
            stack.enter_context(allowance.waiting(f"kind {number // of_a_kind}"))
        for kind in ("kind 0", "another"):
            with pytest.raises(Overloaded), allowance.waiting(kind):
                pass
    with ExitStack() as stack:
        for _ in range(of_a_kind):
            stack.enter_context(allowance.waiting("kind 0"))
        with pytest.raises(Overloaded), allowance.waiting("kind 0"):
            pass


@pytest.fixture(name="crowded")
def _crowded(make_app: MakeApp) -> Flask:
    """Return an app with 10,001 users besides the administrators."""
    app = make_app(admins="openIMAdmin,imAdmin")
    services = app.extensions["rollcall"]
    services.start()
    for start in range(0, 10_000, 1000):
        services.users.register([User(f"u{number}") for number in range(start, start + 1000)])
    services.users.register([User("alice")])
    for user_id, platform_id in (("imAdmin", 10), ("alice", 1)):
        services.tokens.issue(services.codecs["v3.8"].request(user_id, platform_id))
    return app


def test_a_page_has_at_most_10000_users(crowded: Flask) -> None:
    services = crowded.extensions["rollcall"]
    refusal = {
        "errCode": 1001,
        "errMsg": "ArgsError",
        "errDlt": "the answer would have over 10000 entries, ask for less",
    }
    headers = {"operationID": "1", "token": tokens.v3_8("alice", 1, NOW)}
    body = {"pagination": {"pageNumber": 1, "showNumber": 2147483647}}
    response = crowded.test_client().post("/user/get_users", json=body, headers=headers)
    assert response.get_json() == refusal
    with pytest.raises(ArgumentTooLong):
        services.users.page(EVERYTHING, UserFilter())
    total, users = services.users.page(Page(0, 10_000), UserFilter())
    assert (total, len(users)) == (10_003, 10_000)
    response = crowded.test_client().post("/user/get_all_users_uid", json=body, headers=headers)
    assert len(response.get_json()["data"]["userIDs"]) == 10_003


def test_large_answers_share_a_budget(crowded: Flask) -> None:
    services = crowded.extensions["rollcall"]
    services.answers.take(16 * 1024 * 1024)
    refused: list[Overloaded] = []

    def ask_in_another_thread() -> None:
        services.users.page(Page(0, 100), UserFilter())
        try:
            services.users.page(Page(0, 1000), UserFilter())
        except Overloaded as error:
            refused.append(error)

    other = threading.Thread(target=ask_in_another_thread)
    other.start()
    other.join(PATIENCE)
    assert len(refused) == 1
    services.answers.release()
    assert len(services.users.page(Page(0, 1000), UserFilter())[1]) == 1000


def test_large_bodies_share_a_budget_and_a_short_one_needs_none(crowded: Flask) -> None:
    services = crowded.extensions["rollcall"]
    headers = {"operationID": "1", "token": tokens.v3_8("imAdmin", 10, NOW)}
    answers: list[tuple[int, int]] = []

    def ask(size: int) -> None:
        body = b'{"checkUserIDs":["alice"]}'.ljust(size)
        response = crowded.test_client().post("/user/account_check", data=body, headers=headers)
        answers.append((response.status_code, response.get_json()["errCode"]))

    def ask_in_another_thread() -> None:
        ask(1000)
        ask(1_000_000)

    services.bodies.take(64 * 1024 * 1024)
    other = threading.Thread(target=ask_in_another_thread)
    other.start()
    other.join(PATIENCE)
    assert answers == [(200, 0), (503, 90002)]
    services.bodies.release()
    # What a request took is returned at its end.
    for _ in range(70):
        ask(1_000_000)
    assert answers[2:] == [(200, 0)] * 70
