"""The baselines: Flask views that only read a JSON body and answer with JSON."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    """Answer with the body of the request."""
    return jsonify(request.get_json())


@app.post("/account_check")
def account_check() -> Response:
    """Answer as OpenIM v3's call of that name, without looking up a user."""
    user_ids = request.get_json()["checkUserIDs"]
    rows = [{"userID": user_id, "accountStatus": "registered"} for user_id in user_ids]
    return jsonify({"errCode": 0, "errMsg": "", "errDlt": "", "data": {"results": rows}})


@app.post("/get_users_online_status")
def get_users_online_status() -> Response:
    """Answer as OpenIM v3's call of that name, without looking up a user."""
    rows = [
        {"userID": user_id, "status": "offline", "detailPlatformStatus": None}
        for user_id in request.get_json()["userIDs"]
    ]
    return jsonify({"errCode": 0, "errMsg": "", "errDlt": "", "data": rows})
