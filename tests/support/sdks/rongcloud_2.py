"""Make every user call of rongcloud 2.0.1 (PyPI) and print the results as JSON.

Arguments: address, app key, secret.
"""

import json
import sys

from rongcloud import RongCloud, base  # type: ignore[import-not-found]


def main(address: str, key: str, secret: str) -> None:
    base.RongCloudBase.api_host = address
    user = RongCloud(key, secret).User
    results = [
        user.getToken(userId="userId1", name="用户 a&b", portraitUri="http://x/?a=1&b=2"),
        user.getToken(userId="userId1", name="again", portraitUri=""),
        user.refresh(userId="userId1", name="new", portraitUri=None),
        user.checkOnline(userId="userId1"),
        user.block(userId="userId4", minute="10"),
        user.queryBlock(),
        user.unBlock(userId="userId4"),
        user.queryBlock(),
        user.addBlacklist(userId="userId1", blackUserId="userId2"),
        user.queryBlacklist(userId="userId1"),
        user.removeBlacklist(userId="userId1", blackUserId="userId2"),
        user.queryBlacklist(userId="userId1"),
        # Failures.
        user.getToken(userId="", name="n", portraitUri=""),
        user.getToken(userId="x" * 65, name="n", portraitUri=""),
        user.block(userId="userId4", minute="43201"),
        user.addBlacklist(userId="userId1", blackUserId=""),
    ]
    print(json.dumps([[each.ok, each.status, each.result] for each in results], ensure_ascii=False))


main(*sys.argv[1:])
