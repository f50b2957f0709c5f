"""v3's calls about the small records of a user (internal/rpc/user/user.go, v3.6.0 and 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.errors import NO_PERMISSION, ErrorRow
from app.dialects.openim_v3.generations import LEGACY, in_both
from app.dialects.openim_v3.guard import OWNER
from app.dialects.openim_v3.schemas.commands import (
    ProcessUserCommandAddReq,
    ProcessUserCommandDeleteReq,
    ProcessUserCommandGetAllReq,
    ProcessUserCommandGetReq,
    ProcessUserCommandUpdateReq,
)
from app.errors import NotOwner
from app.wire.dialect import Routes

routes = Routes("user")

# As 3.6 says it, the only one of its generation that asks.
_OWNERS = {LEGACY: {NotOwner: ErrorRow(1002, NO_PERMISSION, lambda error: f"ownerUserID, {error.owner_id}")}}


@routes.post("/user/process_user_command_add", ProcessUserCommandAddReq, access=in_both(OWNER), rows=_OWNERS)
def process_user_command_add(context: Context, request: ProcessUserCommandAddReq) -> object:
    """Add a record; there may be others like it, and the user need not be registered."""
    context.services.commands.add(
        request.user_id, request.type, request.uuid, request.value or "", request.ex or ""
    )
    return render.NO_DATA


@routes.post(
    "/user/process_user_command_delete", ProcessUserCommandDeleteReq, access=in_both(OWNER), rows=_OWNERS
)
def process_user_command_delete(context: Context, request: ProcessUserCommandDeleteReq) -> object:
    """Delete one record."""
    context.services.commands.delete(request.user_id, request.type, request.uuid)
    return render.NO_DATA


@routes.post(
    "/user/process_user_command_update", ProcessUserCommandUpdateReq, access=in_both(OWNER), rows=_OWNERS
)
def process_user_command_update(context: Context, request: ProcessUserCommandUpdateReq) -> object:
    """Write what is given into one record."""
    context.services.commands.update(request.user_id, request.type, request.uuid, request.value, request.ex)
    return render.NO_DATA


@routes.post("/user/process_user_command_get", ProcessUserCommandGetReq, access=in_both(OWNER), rows=_OWNERS)
def process_user_command_get(context: Context, request: ProcessUserCommandGetReq) -> dict[str, object]:
    """Answer with a user's records of one type."""
    return _answer(context, request.user_id, request.type)


@routes.post(
    "/user/process_user_command_get_all", ProcessUserCommandGetAllReq, access=in_both(OWNER), rows=_OWNERS
)
def process_user_command_get_all(context: Context, request: ProcessUserCommandGetAllReq) -> dict[str, object]:
    """Answer with all of a user's records."""
    return _answer(context, request.user_id, None)


def _answer(context: Context, user_id: str, type_: int | None) -> dict[str, object]:
    return {"CommandResp": render.or_null(map(render.command, context.services.commands.of(user_id, type_)))}
