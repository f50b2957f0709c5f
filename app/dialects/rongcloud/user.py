"""RongCloud's `/user` calls, each as `.json` and `.xml` (docs.rongcloud.cn, platform-chat-api/user)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.dialects.rongcloud import render
from app.dialects.rongcloud.call import Call
from app.dialects.rongcloud.errors import DOCUMENTED, Rows
from app.dialects.rongcloud.guard import by_signature
from app.dialects.rongcloud.schemas import GetToken, new_id_flaw
from app.models import User
from app.wire.dialect import Routes, View

SUFFIXES = (".json", ".xml")

routes = Routes("user")


def _post(path: str, schema: Any, rows: Rows) -> Callable[[View], View]:
    """Declare the view below in both formats."""

    def declare(view: View) -> View:
        for suffix in SUFFIXES:
            routes.post(path + suffix, schema, access=by_signature, rows=rows)(view)
        return view

    return declare


@_post("/user/getToken", GetToken, DOCUMENTED)
def get_token(call: Call, request: GetToken) -> dict[str, Any]:
    """Register the user if need be, write name and portrait, answer with a token.

    A `live` app issues another token at every call. A `documented` one refuses a user who holds a valid
    token of this app: an id registers once.
    """
    user = User(request.user_id, nickname=request.name, face_url=request.portrait_uri)
    order = call.services.codecs.order_opaque(call.app.key, request.user_id)
    flaw = new_id_flaw(request.user_id)
    token = call.services.enrolment.admit(user, order, once=call.app.is_documented, new_id_flaw=flaw)
    return render.get_token(token.user_id, call.services.codecs.spell(token))
