"""Shared data of the OpenIM v2 tests: credentials, validation errors, token errors."""

from __future__ import annotations

from tests.dialects.conftest import NOW
from tests.support import tokens

JSON, TEXT = "application/json", "text/plain"
REGISTER, TOKEN, STATUS = "/auth/user_register", "/auth/user_token", "/user/get_users_online_status"

ALICE = tokens.v2("alice", "IOS", NOW)
OP = {"operationID": "op"}
SECRET = {"secret": "tuoyun", **OP}

_PARSE = "==> Open_IM/pkg/common/token_verify.ParseToken()"
_CLAIM = f"{_PARSE}@192: : ==> Open_IM/pkg/common/token_verify.GetClaimFromToken()"
#: Error texts of invalid tokens, by cause.
CAUSES = {
    "malformed": f"{_CLAIM}@104: : that's not even a token",
    "expired": f"{_CLAIM}@106: : token is timed out, please log in again",
    "early": f"{_CLAIM}@108: : token not active yet",
    "forged": f"{_CLAIM}@110: : couldn't handle this token",
    "unknown": f"{_PARSE}@217: redis token map not find: couldn't handle this token",
    "kicked": f"{_PARSE}@211: this token has been kicked by other same terminal : user has been kicked",
}


def bind_error(text: str, prefix: str = " BindJSON failed ", code: int = 400) -> dict[str, object]:
    return {"errCode": code, "errMsg": prefix + text}


def invalid(struct: str, *fields: tuple[str, str]) -> str:
    return "\n".join(
        f"Key: '{struct}.{path}' Error:Field validation for '{path.split('.')[-1]}' failed on the '{tag}' tag"
        for path, tag in fields
    )


def success(data: object) -> dict[str, object]:
    return {"errCode": 0, "errMsg": "", "data": data}
