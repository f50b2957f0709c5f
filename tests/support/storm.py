"""Load for a real server: clients that register users in all dialects, and record the outcomes."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

from tests.support.server import PATIENCE, Server
from tests.support.tokens import signature_of

V3 = {"operationID": "1646445464564"}


def register(server: Server, user_id: str) -> bool:
    """Register in the dialect that the id's number selects; return whether it was acknowledged."""
    turn = int(user_id.split("-")[-1]) % 3
    if turn == 0:
        body: Any = {"secret": "tuoyun", "platform": 1, "userID": user_id, "operationID": "1"}
        return server.post("/auth/user_register", body)[1]["errCode"] == 0
    if turn == 1:
        body = {"secret": "openIM123", "users": [{"userID": user_id}]}
        return server.post("/user/user_register", body, V3)[1]["errCode"] == 0
    headers = {
        "App-Key": "live-app-key",
        "Nonce": "1",
        "Timestamp": "2",
        "Signature": signature_of("live-app-secret", "1", "2"),
    }
    return server.post("/user/getToken.json", f"userId={user_id}&name=n".encode(), headers)[1]["code"] == 200


def registered(server: Server, user_ids: list[str]) -> list[str]:
    """Return the ids that are registered."""
    login = {"secret": "openIM123", "platformID": 1, "userID": "openIMAdmin"}
    token = server.post("/auth/user_token", login, V3)[1]["data"]["token"]
    answer = server.post("/user/account_check", {"checkUserIDs": user_ids}, {**V3, "token": token})[1]
    return [row["userID"] for row in answer["data"]["results"] if row["accountStatus"] == "registered"]


class Storm:
    """Clients that register one user after another until the storm ends or the connection fails."""

    def __init__(self, server: Server, clients: int = 8, first: int = 0) -> None:
        """Run `clients` threads, whose users are numbered from `first` on."""
        self._server = server
        self._going = True
        self._first = first
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.failed: list[Exception] = []
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Storm:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(PATIENCE)

    def _run(self, client: int) -> None:
        number = self._first + client
        while self._going:
            user_id = f"storm-{client}-{number}"
            try:
                answered = self.acknowledged if register(self._server, user_id) else self.refused
                answered.append(user_id)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(error)
                return
            number += 1

    def wait_for(self, count: int) -> None:
        """Wait until `count` registrations have been acknowledged."""
        deadline = time.monotonic() + PATIENCE
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)
