"""A second yardstick: the same answers by Starlette and uvicorn, with tokens in memory only."""

from __future__ import annotations

import time

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_SECRET = "openIM123-openIM123-openIM123-openIM123"
_tokens: dict[tuple[str, int], str] = {}


async def user_token(request: Request) -> JSONResponse:
    """Issue a token as OpenIM v3's call of that name, and remember it."""
    body = await request.json()
    user_id, platform_id = body["userID"], body["platformID"]
    now = int(time.time())
    claims = {"UserID": user_id, "PlatformID": platform_id, "exp": now + 7_776_000, "nbf": now, "iat": now}
    token = jwt.encode(claims, _SECRET, "HS256")
    _tokens[user_id, platform_id] = token
    data = {"token": token, "expireTimeSeconds": 7_776_000}
    return JSONResponse({"errCode": 0, "errMsg": "", "errDlt": "", "data": data})


async def account_check(request: Request) -> JSONResponse:
    """Answer as OpenIM v3's call of that name, after looking the users up."""
    user_ids = (await request.json())["checkUserIDs"]
    rows = [
        {"userID": each, "accountStatus": "registered" if (each, 2) in _tokens else "unregistered"}
        for each in user_ids
    ]
    return JSONResponse({"errCode": 0, "errMsg": "", "errDlt": "", "data": {"results": rows}})


app = Starlette(
    routes=[
        Route("/auth/user_token", user_token, methods=["POST"]),
        Route("/user/account_check", account_check, methods=["POST"]),
    ]
)
