"""v3's calls about the commands of a user (internal/rpc/user/user.go, v3.6.0 and 3.8.3-patch)."""

from __future__ import annotations

from ...errors import NotOwner
from ...http.dialect import Routes
from ...http.error_rows import ErrorRow, ErrorTable
from ...http.responses import NO_DATA
from . import render
from .context import Context
from .errors import NO_PERMISSION
from .generations import LEGACY
from .guard import OWNER, authorize_and_bind
from .schemas import commands as schemas

routes = Routes("user", authorize_and_bind)

# The answer of 3.6, the only release of its generation that checks the owner.
_NOT_OWNER = ErrorTable(
    ErrorRow(
        NotOwner,
        200,
        1002,
        lambda context, error: f"ownerUserID, {error.owner_id}",
        NO_PERMISSION,
        variant=LEGACY,
    )
)


@routes.post(
    "/user/process_user_command_add", schemas.ProcessUserCommandAddReq, access=OWNER, errors=_NOT_OWNER
)
def process_user_command_add(context: Context, request: schemas.ProcessUserCommandAddReq) -> object:
    """Add a command; duplicates are allowed, and the user need not be registered."""
    context.services.commands.add(
        request.user_id, request.type, request.uuid, request.value or "", request.ex or ""
    )
    return NO_DATA


@routes.post(
    "/user/process_user_command_delete", schemas.ProcessUserCommandDeleteReq, access=OWNER, errors=_NOT_OWNER
)
def process_user_command_delete(context: Context, request: schemas.ProcessUserCommandDeleteReq) -> object:
    """Delete one command."""
    context.services.commands.delete(request.user_id, request.type, request.uuid)
    return NO_DATA


@routes.post(
    "/user/process_user_command_update", schemas.ProcessUserCommandUpdateReq, access=OWNER, errors=_NOT_OWNER
)
def process_user_command_update(context: Context, request: schemas.ProcessUserCommandUpdateReq) -> object:
    """Write the given fields of one command."""
    context.services.commands.update(request.user_id, request.type, request.uuid, request.value, request.ex)
    return NO_DATA


@routes.post(
    "/user/process_user_command_get", schemas.ProcessUserCommandGetReq, access=OWNER, errors=_NOT_OWNER
)
def process_user_command_get(
    context: Context, request: schemas.ProcessUserCommandGetReq
) -> dict[str, object]:
    """Answer with a user's commands of one type."""
    return _commands(context, request.user_id, request.type)


@routes.post(
    "/user/process_user_command_get_all", schemas.ProcessUserCommandGetAllReq, access=OWNER, errors=_NOT_OWNER
)
def process_user_command_get_all(
    context: Context, request: schemas.ProcessUserCommandGetAllReq
) -> dict[str, object]:
    """Answer with all of a user's commands."""
    return _commands(context, request.user_id, None)


def _commands(context: Context, user_id: str, type_: int | None) -> dict[str, object]:
    commands = context.services.commands.of(user_id, type_)
    return {"CommandResp": render.or_null(map(render.command, commands))}
