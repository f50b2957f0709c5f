"""The tokens printed on the vendors' documentation pages, which Rollcall must encode byte for byte.

The tests refer to the pages by number. Seed 000: OpenIM v2's "Register a new user" and "Get user token".
Seed 001: the same in Chinese, with the online status. Seed 002: OpenIM v3.1, from registration to
account_check. Seed 003: RongCloud's getToken. Seed 004: OpenIM v3's "Get a token using a secret".
"""

#: Seeds 000 and 001, answer of /auth/user_register: user openIM1111, iOS, issued at 1645675304.
V2_REGISTER = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVSUQiOiJvcGVuSU0xMTExIiwiUGxhdGZvcm0iOiJJT1MiLCJleHAiOjE2NDYyODAx"
    "MDQsIm5iZiI6MTY0NTY3NTMwNCwiaWF0IjoxNjQ1Njc1MzA0fQ.xhqmRBC3XpMwMQL2i3sRh6JArRZg1PFjFjRl9N1Kc9o"
)
#: Seeds 000 and 001, answer of /auth/user_token: the same user, issued at 1645688859.
V2_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVSUQiOiJvcGVuSU0xMTExIiwiUGxhdGZvcm0iOiJJT1MiLCJleHAiOjE2NDYyOTM2"
    "NTksIm5iZiI6MTY0NTY4ODg1OSwiaWF0IjoxNjQ1Njg4ODU5fQ.C5v6RS6yAPh0-4ZeQHmKon1rwC2GmZfc09xYoi67SOM"
)
#: Seed 002: user 11111112, platform 1, issued at 1698819340.
V3_USER = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVc2VySUQiOiIxMTExMTExMiIsIlBsYXRmb3JtSUQiOjEsImV4cCI6MTcwNjU5NTM0"
    "MCwibmJmIjoxNjk4ODE5MDQwLCJpYXQiOjE2OTg4MTkzNDB9.YOeKRSwvTF0_yRNB3XwOCIYaTC-swVzxRjnHidUo4xw"
)
#: Seed 004: user openIMAdmin, platform 1, issued at 1688978805 by a server whose secret was tuoyun.
V3_ADMIN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJVc2VySUQiOiJvcGVuSU1BZG1pbiIsIlBsYXRmb3JtSUQiOjEsImV4cCI6MTY5Njc1"
    "NDgwNSwibmJmIjoxNjg4OTc4NTA1LCJpYXQiOjE2ODg5Nzg4MDV9.SAu86X3PzfYjtjBeYA4vZefNr1IiFKRgg12FeiXSm14"
)
