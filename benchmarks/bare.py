"""The yardsticks: Flask views that read a JSON body and answer with JSON, and do nothing else."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    """Answer with what was sent."""
    return jsonify(request.get_json())


@app.post("/account_check")
def account_check() -> Response:
    """Answer as OpenIM v3's call of that name does, without looking for anybody."""
    user_ids = request.get_json()["checkUserIDs"]
    rows = [{"userID": user_id, "accountStatus": "registered"} for user_id in user_ids]
    return jsonify({"errCode": 0, "errMsg": "", "errDlt": "", "data": {"results": rows}})


@app.post("/get_users_online_status")
def get_users_online_status() -> Response:
    """Answer as OpenIM v3's call of that name does, without looking for anybody."""
    rows = [
        {"userID": user_id, "status": "offline", "detailPlatformStatus": None}
        for user_id in request.get_json()["userIDs"]
    ]
    return jsonify({"errCode": 0, "errMsg": "", "errDlt": "", "data": rows})
