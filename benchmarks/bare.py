"""The yardstick: a Flask view that reads a JSON body and answers with JSON, and does nothing else."""

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    """Answer with what was sent."""
    return jsonify(request.get_json())
