"""Cornac's evaluator on given factors; runs in an environment with Cornac and NumPy alone.

    python cornac_evaluation.py task.npz answer.json

`evaluation.py` writes the task and reads the answer.
"""

import json
import sys
import time

import cornac
import numpy as np
from cornac.data import Dataset
from cornac.eval_methods.base_method import ranking_eval
from cornac.metrics import AUC, MRR, NDCG, Recall

ROUNDS = 3


class Factors(cornac.models.Recommender):
    """Scores by given factors."""

    def __init__(self, users, items, biases):
        super().__init__(name="factors")
        self.users, self.items, self.biases = users, items, biases

    def score(self, user_idx, item_idx=None):
        scores = self.items @ self.users[user_idx] + self.biases
        return scores if item_idx is None else scores[item_idx]


def main(task, answer):
    arrays = dict(np.load(task))
    users, items = len(arrays["real_users"]), len(arrays["real_items"])
    # The whole catalogue as map of ids: else unknown users and items would be left out.
    user_ids, item_ids = ({each: each for each in range(count)} for count in (users, items))
    train, validation, test = (
        Dataset(users, items, user_ids, item_ids, (*pairs.T, np.ones(len(pairs), np.float32)))
        for pairs in (arrays[part] for part in ("train", "validation", "test"))
    )

    def model(kind, sign=1):
        made = Factors(*(arrays[f"{kind}_{field}"] for field in ("users", "items", "biases")))
        made.users, made.biases = sign * made.users, sign * made.biases
        made.num_users, made.num_items = users, items
        return made.fit(train, validation)

    def evaluated(made, metrics):
        """CPU seconds, and for each metric the users' values in the order of the test part."""
        started = time.process_time()
        _, found = ranking_eval(made, metrics, train, test, validation, exclude_unknowns=False)
        seconds = time.process_time() - started
        return seconds, [[float(each[user]) for user in arrays["test"][:, 0]] for each in found]

    metrics = {"auc_all": AUC(), "recall@10": Recall(k=10), "ndcg@10": NDCG(k=10)}
    real = model("real")
    seconds = {"cornac, auc": [], "cornac, auc, lists": []}
    for _ in range(ROUNDS):
        seconds["cornac, auc"].append(evaluated(real, [AUC()])[0])
        spent, values = evaluated(real, list(metrics.values()))
        seconds["cornac, auc, lists"].append(spent)
    result = {
        "version": cornac.__version__,
        "cpu_seconds": seconds,
        # By itself: beside a metric of k items Cornac sorts no more than k, and its MRR is wrong.
        "users": {**dict(zip(metrics, values, strict=True)), "mrr": evaluated(real, [MRR()])[1][0]},
        "whole": evaluated(model("whole"), [AUC()])[1][0],
        "whole, turned": evaluated(model("whole", -1), [AUC()])[1][0],
    }
    with open(answer, "w") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
