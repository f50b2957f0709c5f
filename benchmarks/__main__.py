"""Requests per second of Rollcall's calls against bare Flask views and against Starlette.

The servers run side by side and are measured in turn, round after round, so that a machine that slows down
does so for all. Medians and ratios count; single figures depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import statistics
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks import batches, bench, crowd, held, process
from benchmarks.figure import Figure
from benchmarks.servers import post, serving, serving_asgi

USERS = 20_000
BATCH = 1_000
HEADER = {"operationID": "bench"}
TOKEN_CALLS = ("/auth/user_token", "/auth/get_user_token")


def figures(bare: str, asgi: str, rollcall: str) -> list[Figure]:
    """Return the calls to measure, the baselines first; put online the user of the status calls."""
    v2 = json.dumps({"secret": "tuoyun", "platform": 1, "userID": "u%d", "operationID": "bench"})
    v3 = json.dumps({"secret": "openIM123", "platformID": 2, "userID": "u%d"})
    admin = {"token": _put_online(rollcall, "u0")}
    token = {**HEADER, **admin}
    one, hundred = (json.dumps({"userIDs": [f"u{number}" for number in range(count)]}) for count in (1, 100))
    beat = json.dumps({"userID": "online%d", "platformID": 1})
    check_one, check_hundred = (each.replace("userIDs", "checkUserIDs") for each in (one, hundred))
    new = json.dumps({"secret": "openIM123", "users": [{"userID": "new-ROUND-%d"}]})
    user_token, status, check = "/auth/user_token", "/user/get_users_online_status", "/user/account_check"
    login = json.dumps({"platformID": 3, "userID": "u%d"})
    return [
        Figure("bare Flask view", bare, "/echo", v2, USERS),
        Figure("bare Flask view, 100 ids", bare, "/echo", hundred),
        Figure("bare account_check of 100", bare, "/account_check", check_hundred),
        Figure("bare get_users_online_status of 100", bare, "/get_users_online_status", hundred),
        Figure("Starlette, user_token (3.4)", asgi, user_token, v3, USERS),
        Figure("Starlette, account_check of 1", asgi, check, check_one),
        Figure("Starlette, account_check of 100", asgi, check, check_hundred),
        Figure("user_token, OpenIM v2", rollcall, user_token, v2, USERS, target=0.6),
        Figure("user_token, OpenIM v3 (3.4)", rollcall, user_token, v3, USERS, HEADER, 0.6),
        Figure("get_user_token, OpenIM v3 (3.8)", rollcall, "/auth/get_user_token", login, USERS, token, 0.6),
        Figure("user_register of one", rollcall, "/user/user_register", new, 10**9, HEADER, 0.6),
        Figure("account_check of 1", rollcall, check, check_one, 0, token, 0.85),
        Figure("account_check of 100", rollcall, check, check_hundred, 0, token, 0.85, against=1, alike=2),
        Figure("get_users_online_status of 1", rollcall, status, one, 0, token, 0.85),
        Figure(
            "get_users_online_status of 100", rollcall, status, hundred, 0, token, 0.85, against=1, alike=3
        ),
        Figure("heartbeat", rollcall, "/presence/heartbeat", beat, USERS, admin),
    ]


def _put_online(address: str, user_id: str) -> str:
    """Put a user online on two platforms; return the administrator's token used for it."""
    login = {"secret": "tuoyun", "platform": 1, "userID": "openIMAdmin", "operationID": "bench"}
    token: str = post(address, "/auth/user_token", login)["data"]["token"]
    for platform_id in (4, 5):
        beat = {"userID": user_id, "platformID": platform_id, "ttl": 86400}
        post(address, "/presence/heartbeat", beat, {"token": token})
    return token


def register(address: str) -> None:
    """Register the users of the token calls and of the heartbeats."""
    for prefix in ("u", "online"):
        for start in range(0, USERS, BATCH):
            users = [{"userID": f"{prefix}{number}"} for number in range(start, start + BATCH)]
            post(address, "/user/user_register", {"secret": "openIM123", "users": users}, HEADER)


def table(measured: list[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    lines = [
        "| call | requests/s (median) | lowest | highest | vs. bare | target | vs. bare, same answer "
        "| p50 | p99 | longest | p99/p50 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for figure in measured:
        median = statistics.median(figure.rates)
        bare = statistics.median(measured[figure.against].rates)
        alike = (
            "" if figure.alike is None else f"{median / statistics.median(measured[figure.alike].rates):.2f}"
        )
        middle, slow = (statistics.median(each[place] for each in figure.waits) for place in (0, 1))
        longest = max(each[2] for each in figure.waits)
        lines.append(
            f"| {figure.name} | {median:.0f} | {min(figure.rates):.0f} | {max(figure.rates):.0f} "
            f"| {median / bare:.2f} | {figure.target or ''} | {alike} | {middle:.1f} ms | {slow:.1f} ms "
            f"| {longest:.0f} ms | {slow / middle:.1f} |"
        )
    return "\n".join(lines)


def recorded(instance: Path) -> int:
    """Return the number of tokens in the database."""
    with closing(sqlite3.connect(instance / "rollcall.db")) as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM tokens").fetchone()[0]
        return count


def main() -> None:
    """Measure, print the tables, and check that every issued token is stored."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4, help="seconds of one measurement")
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("the load generator wrk is missing: apt-get install wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        instance = folder / "instance"
        with (
            serving("benchmarks.bare:app", folder) as bare,
            serving_asgi("benchmarks.asgi:app", folder) as asgi,
            # As in a deployment; what the bench costs has a table of its own.
            serving("wsgi:app", folder, ROLLCALL_INSTANCE=str(instance), ROLLCALL_BENCH="0") as rollcall,
        ):
            register(rollcall)
            measured = figures(bare, asgi, rollcall)
            for _ in range(options.rounds):
                for figure in measured:
                    figure.measure(options.seconds, options.connections)
            batched = batches.measure(bare, rollcall, folder, options.rounds)
        million = crowd.measure(folder)
        print(table(measured))
        print(f"\n{batched}")
        print(f"\n{million}")
        print(f"\n{held.measure()}")
        print(f"\n{process.measure()}")
        print(f"\n{bench.measure(options.rounds, options.seconds, options.connections)}")
        calls = [figure for figure in measured if figure.address == rollcall and figure.path in TOKEN_CALLS]
        issued = sum(figure.answered for figure in calls)
        stored = recorded(instance)
        print(f"\n{issued} tokens were issued for {USERS} users, and {stored} are stored.")
        # There may be more: wrk does not count the requests in progress when its time is up.
        if stored < issued:
            raise SystemExit("an issued token is not stored")


if __name__ == "__main__":
    main()
