"""v3's `/statistics/user` call (internal/rpc/user/statistics.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from ...http.dialect import Routes
from . import render
from .context import Context
from .guard import TOKEN, authorize_and_bind
from .schemas.user import UserRegisterCountReq

routes = Routes("statistics", authorize_and_bind)


@routes.post("/statistics/user/register", UserRegisterCountReq, access=TOKEN)
def register(context: Context, request: UserRegisterCountReq) -> dict[str, object]:
    """Answer with the counts of all users, of those before `start`, and of later ones by UTC day."""
    return render.register_count(context.services.users.registrations(request.start, request.end))
