"""One driver per dialect: the same operations in each dialect's requests."""

from __future__ import annotations

from typing import Any, Protocol

from flask.testing import FlaskClient

from tests.support.tokens import signature_of


class Driver(Protocol):
    """An application server that speaks one dialect and returns results independent of it."""

    name: str

    def register(self, user_id: str) -> str:
        """Register a user: `done` or `exists`."""
        ...

    def token(self, user_id: str) -> str | None:
        """Get a token for a registered user; None for an unknown user."""
        ...


class OpenIMv2:
    name = "openim_v2"
    online_as = "IOS"

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def register(self, user_id: str) -> str:
        answer = self._post("/auth/user_register", platform=1, userID=user_id)
        if answer["errCode"] == 500:
            assert f"Duplicate entry '{user_id}'" in answer["errMsg"]
            return "exists"
        assert (answer["errCode"], answer["data"]["userID"]) == (0, user_id)
        return "done"

    def token(self, user_id: str) -> str | None:
        answer = self._post("/auth/user_token", platform=1, userID=user_id)
        assert answer["errCode"] in (0, 802)
        return answer["data"]["token"] or None

    def _post(self, path: str, **fields: Any) -> dict[str, Any]:
        body = {"secret": "tuoyun", "operationID": "op", **fields}
        answer: dict[str, Any] = self._client.post(path, json=body).get_json()
        return answer


class OpenIMv34:
    name = "openim_v3.4"
    online_as = "Android"

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def register(self, user_id: str) -> str:
        answer = self._post("/user/user_register", users=[{"userID": user_id}])
        assert answer["errCode"] in (0, 1102)
        return "exists" if answer["errCode"] else "done"

    def token(self, user_id: str) -> str | None:
        answer = self._post("/auth/user_token", platformID=2, userID=user_id)
        assert answer["errCode"] in (0, 1004)
        return answer["data"]["token"] if "data" in answer else None

    def _post(self, path: str, **fields: Any) -> dict[str, Any]:
        body = {"secret": "openIM123", **fields}
        answer: dict[str, Any] = self._client.post(path, json=body, headers={"operationID": "op"}).get_json()
        return answer


class OpenIMv38:
    name = "openim_v3.8"
    online_as = "Web"

    def __init__(self, client: FlaskClient) -> None:
        self._client = client
        secret = {"secret": "openIM123", "userID": "imAdmin"}
        self._headers = {"operationID": "op"}
        self._headers["token"] = self._post("/auth/get_admin_token", **secret)["data"]["token"]

    def register(self, user_id: str) -> str:
        answer = self._post("/user/user_register", users=[{"userID": user_id, "nickname": "N"}])
        assert answer["errCode"] in (0, 1102)
        return "exists" if answer["errCode"] else "done"

    def token(self, user_id: str) -> str | None:
        registered = self._post("/user/account_check", checkUserIDs=[user_id])["data"]["results"]
        answer = self._post("/auth/get_user_token", platformID=5, userID=user_id)
        assert registered == [{"userID": user_id, "accountStatus": 0 if answer["errCode"] else 1}]
        assert answer["errCode"] in (0, 1004)
        return answer["data"]["token"] if "data" in answer else None

    def _post(self, path: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.post(path, json=fields, headers=self._headers).get_json()
        return answer


class RongCloud:
    """Registers with the documented app, which issues one token at a time; `token` uses the live app."""

    name = "rongcloud"
    online_as = "Web"

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def register(self, user_id: str) -> str:
        answer = self._get_token("your-app-key", "your-app-secret", user_id)
        assert answer["code"] in (200, 1004)
        return "exists" if answer["code"] == 1004 else "done"

    def token(self, user_id: str) -> str | None:
        answer = self._get_token("live-app-key", "live-app-secret", user_id)
        assert (answer["code"], answer["userId"]) == (200, user_id)
        token: str = answer["token"]
        return token

    def _get_token(self, key: str, secret: str, user_id: str) -> dict[str, Any]:
        headers = {
            "App-Key": key,
            "Nonce": "1",
            "Timestamp": "2",
            "Signature": signature_of(secret, "1", "2"),
        }
        form = {"userId": user_id, "name": "N"}
        answer: dict[str, Any] = self._client.post(
            "/user/getToken.json", data=form, headers=headers
        ).get_json()
        return answer


DRIVERS = (OpenIMv2, OpenIMv34, OpenIMv38, RongCloud)
