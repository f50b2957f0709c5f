"""v3's calls about settings of clients (internal/rpc/user/config.go, main branch)."""

from __future__ import annotations

from ...domain.user_attributes import ALL_USERS
from ...http.dialect import Access, Routes
from ...http.error_rows import ErrorTable
from ...http.responses import NO_DATA
from . import render
from .context import Context
from .errors import UNKNOWN_TO_MONGO, user_not_found
from .guard import ADMINISTRATOR, authorize_and_bind, by_token, owner
from .schemas import client_config as schemas
from .schemas.rules import RequestPagination

routes = Routes("user", authorize_and_bind)

# The namespace of these user attributes.
CLIENT_CONFIG = "client config"
_UNKNOWN = ErrorTable(user_not_found("userID not found"), UNKNOWN_TO_MONGO)


def _owner_if_any(context: Context, request: schemas.GetUserClientConfigReq) -> None:
    if request.user_id:
        owner(context, request)


@routes.post(
    "/user/get_user_client_config",
    schemas.GetUserClientConfigReq,
    access=Access(by_token, _owner_if_any),
    errors=_UNKNOWN,
)
def get_user_client_config(context: Context, request: schemas.GetUserClientConfigReq) -> dict[str, object]:
    """Answer with the values for all users, overridden by the user's own."""
    if request.user_id:
        context.services.users.get(request.user_id)
    values = context.services.user_attributes.of_users(CLIENT_CONFIG, [ALL_USERS, request.user_id])
    configs = {**values.get(ALL_USERS, {}), **values.get(request.user_id, {})}
    return {"configs": dict(sorted(configs.items()))}


@routes.post(
    "/user/set_user_client_config", schemas.SetUserClientConfigReq, access=ADMINISTRATOR, errors=_UNKNOWN
)
def set_user_client_config(context: Context, request: schemas.SetUserClientConfigReq) -> object:
    """Write the given values for a user, or for all."""
    if request.user_id:
        context.services.users.get(request.user_id)
    context.services.user_attributes.put(CLIENT_CONFIG, request.user_id, request.configs or {})
    return NO_DATA


@routes.post("/user/del_user_client_config", schemas.DelUserClientConfigReq, access=ADMINISTRATOR)
def del_user_client_config(context: Context, request: schemas.DelUserClientConfigReq) -> object:
    """Delete the given keys of a user, or of the values for all; they need not exist."""
    context.services.user_attributes.remove(CLIENT_CONFIG, [request.user_id], request.keys or ())
    return NO_DATA


@routes.post("/user/page_user_client_config", schemas.PageUserClientConfigReq, access=ADMINISTRATOR)
def page_user_client_config(context: Context, request: schemas.PageUserClientConfigReq) -> dict[str, object]:
    """Answer with a page of the values with this user and key, oldest first."""
    pagination = request.pagination or RequestPagination()
    total, attributes = context.services.user_attributes.page(
        CLIENT_CONFIG, pagination.page(), user_id=request.user_id, name=request.key
    )
    return {"total": total, "configs": render.or_null(map(render.client_config, attributes))}
