"""Requests that a server has to refuse, as bodies for MLflow's scoring server."""

import json

ONE = {"user_id": ["a"], "k": [1], "category": [""], "exclude_seen": [True]}

MALFORMED = {
    "no JSON": b"{",
    "no inputs": {"anything": 1},
    "wrong types": {"inputs": {"user_id": [1], "k": ["x"], "category": [2], "exclude_seen": [3]}},
    "missing input": {"inputs": {"user_id": ["a"]}},
    "empty batch": {"inputs": {"user_id": [], "k": [], "category": [], "exclude_seen": []}},
    "giant k": {"inputs": ONE | {"k": [10**9]}},
    "k beyond int32": {"inputs": ONE | {"k": [10**12]}},
    "unknown category": {"inputs": ONE | {"category": ["?"]}},
    "corrupt picture": {
        "inputs": {"image_bytes": [{"b64": "bm8gcGljdHVyZQ=="}]},
        "params": {"signature": "embed"},
    },
    "no base64": {"inputs": {"image_bytes": [{"b64": "!"}]}, "params": {"signature": "embed"}},
    "unknown signature": {"inputs": ONE, "params": {"signature": "?"}},
    "unknown model": {"inputs": ONE, "params": {"model": "?"}},
    "10 MB": {"inputs": {"user_id": ["x" * 10**7], "k": [1]}},
}


def send(pool, address, name):
    """The status that a malformed request gets."""
    body = MALFORMED[name]
    answer = pool.request(
        "POST",
        f"{address}/invocations",
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        retries=False,
    )
    return answer.status
