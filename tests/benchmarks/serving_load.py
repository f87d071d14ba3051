"""Measures exported models under load behind MLflow's scoring server on this machine.

Closed loops of 1, 8 and 32 clients request recommendations, also with a share of malformed
requests, and designs. Then the server's memory is measured over many requests, and a new version is
added during requests. All loops are bounded, and only 127.0.0.1 receives requests.

Usage: python tests/benchmarks/serving_load.py SAVED_MODELS --server SERVER_PYTHON
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import urllib3

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from malformed import MALFORMED, send  # noqa: E402
from mlflow_server import mlflow_server  # noqa: E402

from keras_fashion.serving import Client  # noqa: E402


def closed_loop(clients, requests, ask):
    """Returns latencies in ms, counts of outcomes, and requests per second of a closed loop."""
    latencies, outcomes, lock = [], Counter(), threading.Lock()
    numbers = iter(range(requests))

    def client():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            started = time.perf_counter()
            try:
                outcome = ask(number)
            except Exception as error:
                outcome = f"{type(error).__name__}: {str(error)[:100]}"
            with lock:
                latencies.append((time.perf_counter() - started) * 1e3)
                outcomes[outcome] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.array(latencies), outcomes, requests / (time.perf_counter() - started)


def report(name, latencies, outcomes, throughput):
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99])
    print(
        f"{name:34}{throughput:9.1f}/s   p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms   "
        f"{dict(outcomes)}",
        flush=True,
    )


def resident_megabytes(process):
    """Returns the resident size of the largest process in the server's session in MB."""
    done = subprocess.run(
        ["ps", "-o", "rss=", "-s", str(process.pid)], capture_output=True, text=True, check=True
    )
    return max(int(line) for line in done.stdout.split()) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("saved_models", type=Path)
    parser.add_argument("--server", required=True, help="python with MLflow and TensorFlow")
    parser.add_argument("--requests", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        shutil.copytree(options.saved_models, models)
        with mlflow_server(models, options.server) as (address, process):
            measure(models, address, process, options.requests)


def measure(models, address, process, requests):
    versions = [path for path in (models / "recommender").iterdir() if path.name.isdecimal()]
    newest = max(versions, key=lambda path: int(path.name))
    users = (newest / "assets" / "users.txt").read_text("utf-8").split("\n")[:-1]
    facts = json.loads((newest / "assets.extra" / "keras_fashion.json").read_text("utf-8"))
    client = Client(address.replace("http", "mlflow"), timeout=60, retries=0)
    pool = urllib3.PoolManager(maxsize=32)
    kinds = list(MALFORMED)

    def recommend(number):
        answer = client.recommend([users[number % len(users)]], k=10)
        return "answered" if answer.item_id.shape == (1, 10) else "WRONG"

    def mixed(number):
        """Sends a malformed request at every fourth call."""
        if number % 4:
            return recommend(number)
        name = kinds[number // 4 % len(kinds)]
        status, said = send(pool, address, name)
        return "400, said why" if status == 400 and said else f"{name}: {status}"

    def design(number):
        category = facts["categories"][number % len(facts["categories"])]
        answer = client.design([users[number % len(users)]], category, seed=number)
        return "answered" if len(answer.image_bytes) == 3 else "WRONG"

    closed_loop(1, 50, recommend)
    for clients in (1, 8, 32):
        report(f"recommend, {clients} client(s)", *closed_loop(clients, 1000, recommend))
    for clients in (1, 8, 32):
        report(f"1 of 4 malformed, {clients} client(s)", *closed_loop(clients, 1000, mixed))
    if (models / "designer").is_dir():
        closed_loop(1, 1, design)
        for clients in (1, 8):
            report(f"design, {clients} client(s)", *closed_loop(clients, 24, design))

    print(f"memory: {resident_megabytes(process):6.0f} MB before", flush=True)
    for part in range(4):
        report("1 of 4 malformed, 8 client(s)", *closed_loop(8, requests // 4, mixed))
        print(f"memory: {resident_megabytes(process):6.0f} MB after {requests // 4 * (part + 1)}")

    # A version is added as the export does it: under another name first, then renamed.
    version = int(newest.name) + 1
    aside = newest.with_name(f".{version}.preparing")
    shutil.copytree(newest, aside)
    timer = threading.Timer(2.0, lambda: aside.rename(newest.with_name(str(version))))
    timer.start()
    report("a new version meanwhile, 8", *closed_loop(8, requests // 4, recommend))
    timer.join()
    client.close()


if __name__ == "__main__":
    main()
