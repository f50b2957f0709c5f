"""v3's `/statistics/user` call (internal/rpc/user/statistics.go, v3.4.0 and 3.8.3-patch)."""

from __future__ import annotations

from app.dialects.openim_v3 import render
from app.dialects.openim_v3.context import Context
from app.dialects.openim_v3.generations import in_both
from app.dialects.openim_v3.guard import TOKEN
from app.dialects.openim_v3.schemas.user import UserRegisterCountReq
from app.wire.dialect import Routes

routes = Routes("statistics")


@routes.post("/statistics/user/register", UserRegisterCountReq, access=in_both(TOKEN))
def register(context: Context, request: UserRegisterCountReq) -> dict[str, object]:
    """Answer how many users there are, how many were before `start`, and how many came since by UTC day."""
    return render.register_count(context.services.users.registrations(request.start, request.end))
