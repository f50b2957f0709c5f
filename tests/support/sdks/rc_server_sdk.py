"""Make every user call of rc-server-sdk (PyPI) and print the results as JSON.

Arguments: address, app key, secret.
"""

import json
import sys

from rongcloud.rongcloud import RongCloud  # type: ignore[import-not-found]


def plain(result: object) -> object:
    """Decode the bytes that this SDK returns for an HTTP error."""
    return {"bytes": json.loads(result)} if isinstance(result, bytes) else result


def main(address: str, key: str, secret: str) -> None:
    client = RongCloud(key, secret, address)
    user = client.get_user()
    block, black, white, tag = user.get_block(), user.get_blacklist(), user.get_whitelist(), user.get_tag()
    long = "x" * 64 + "é"
    results = [
        user.register("AAA", "忘情水", "https://www.baidu.com/img/bd_logo1.png?where=super"),
        user.register("AAA", "n"),
        user.update("AAA", "青花瓷", None),
        user.query("AAA"),
        user.query("nobody"),
        user.check_online("AAA"),
        block.add(["AAA", "BBB"], 300),
        block.query(),
        block.remove("AAA"),
        block.remove(["BBB"]),
        block.query(),
        black.add("AAA", ["BBB", "CCC"]),
        black.query("AAA"),
        black.remove("AAA", ["BBB", "CCC"]),
        black.query("AAA"),
        white.add("AAA", "BBB"),
        white.query("AAA"),
        white.remove("AAA", ["BBB"]),
        white.query("AAA"),
        tag.set("31232", ["bj", "男"]),
        tag.set(["id1", "id2"], ["x"]),
        tag.get(["31232", "id1", "id2", "id3"]),
        client.get_group().query_user_group("AAA"),
        # The SDK accepts these, the server refuses them.
        user.register(long[1:], "n"),
        block.add(["AAA"], 0),
    ]
    print(json.dumps([plain(result) for result in results], ensure_ascii=False))


main(*sys.argv[1:])
