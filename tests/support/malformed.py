"""Requests that a server has to refuse, as bodies for MLflow's scoring server."""

import json

ONE = {"user_id": ["a"], "k": [1], "category": [""], "exclude_seen": [True]}

RECOMMEND = {"params": {"signature": "recommend"}}
EMBED = {"params": {"signature": "embed"}}

MALFORMED = {
    "no JSON": (b"{", "JSON"),
    "no inputs": ({"anything": 1}, "inputs"),
    "wrong types": (
        {"inputs": {"user_id": [1], "k": ["x"], "category": [2], "exclude_seen": [3]}} | RECOMMEND,
        "Error: ",
    ),
    "missing input": ({"inputs": {"user_id": ["a"]}} | RECOMMEND, "the inputs are"),
    "empty batch": (
        {"inputs": {"user_id": [], "k": [], "category": [], "exclude_seen": []}} | RECOMMEND,
        "from 1 to 1024 rows",
    ),
    "giant k": ({"inputs": ONE | {"k": [10**9]}} | RECOMMEND, "k must be from 1 to 1000"),
    "a row of k in a row": (
        {"inputs": ONE | {"k": [[1]]}} | RECOMMEND,
        "k is of shape (None,), got (1, 1)",
    ),
    "k beyond int32": ({"inputs": ONE | {"k": [10**12]}} | RECOMMEND, "k must be from 1 to 1000"),
    "unknown category": ({"inputs": ONE | {"category": ["?"]}}, "category is not known: ?"),
    "corrupt picture": (
        {"inputs": {"image_bytes": [{"b64": "bm8gcGljdHVyZQ=="}]}} | EMBED,
        "not so in row 0",
    ),
    "no base64": ({"inputs": {"image_bytes": [{"b64": "!"}]}} | EMBED, "Error: "),
    "unknown signature": ({"inputs": ONE, "params": {"signature": "?"}}, "no signature ?"),
    "unknown model": ({"inputs": ONE, "params": {"model": "?"}}, "no model ?"),
    "10 MB": ({"inputs": {"user_id": ["x" * 10**7], "k": [1]}}, "the inputs are"),
}
"""Maps each kind of request to its body and to a part of the answer's text."""


def send(pool, address, name):
    """Returns the status of the answer, and whether the answer says what is wrong."""
    body, reason = MALFORMED[name]
    answer = pool.request(
        "POST",
        f"{address}/invocations",
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        retries=False,
    )
    return answer.status, reason in answer.data.decode()
