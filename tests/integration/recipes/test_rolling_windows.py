"""The recipe that trains anew for each window, on a shop of two hundred days."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from table_recipe import start

from keras_fashion.app import Run, compare_runs
from keras_fashion.data import InMemory, TimeCut, format_day, parse_day, prepare


@pytest.fixture
def shop(tmp_path):
    rng = np.random.default_rng(0)
    png = io.BytesIO()
    Image.new("RGB", (16, 16), "navy").save(png, "PNG")
    items = pd.DataFrame(
        {"item": [f"i{n:02}" for n in range(30)], "category": "Tops", "picture": png.getvalue()}
    )
    rows = rng.integers(0, [20, 30, 200], (400, 3))
    first = parse_day("2020-01-01")
    bought = pd.DataFrame(
        {
            "user": [f"u{user}" for user, _, _ in rows],
            "item": [f"i{item:02}" for _, item, _ in rows],
            "time": [format_day(first + day) for _, _, day in rows],
        }
    )
    prepare(InMemory(items, bought), tmp_path / "shop")
    return tmp_path / "shop"


def test_every_model_is_trained_for_every_window(shop, tmp_path):
    chosen = ["--only", "recentpop", "--only", "decayedpop"]
    window = ["--start", "2020-04-01", "--end", "2020-07-15"]
    done = start("rolling_windows", shop, *window, "--out", tmp_path / "runs", *chosen)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    table = {line[0]: line[1:] for line in lines[2:5]}
    assert list(table) == ["2020-04-01", "2020-05-01", "2020-06-01"]
    means = []
    for day, cells in table.items():
        runs = [Run(tmp_path / "runs" / day / name) for name in ("recentpop", "decayedpop")]
        until = {"2020-04-01": "2020-04-30", "2020-05-01": "2020-05-31"}.get(day, "2020-06-30")
        assert runs[0].time_cut == runs[1].time_cut == TimeCut(day, test_until=until)
        models = compare_runs(runs).models
        names = ["random", "poprank", "recentpop", "decayedpop"]
        means.append([models[name]["auc_matched"].mean for name in names])
        assert cells[3:] == [f"{mean:.3f}" for mean in means[-1]]
        assert int(cells[1]) == len(runs[0].split.test)
        assert (tmp_path / "runs" / day / "comparison.html").is_file()
    summary = {line[0] if "-" not in line else " ".join(line[:3]): line[-2:] for line in lines[7:]}
    differences = np.array(means)[:, 3] - np.array(means)[:, 2]
    for name, values in (
        ("decayedpop", np.array(means)[:, 3]),
        ("decayedpop - recentpop", differences),
    ):
        error = values.std(ddof=1) / 3**0.5
        assert summary[name] == [f"{values.mean():.3f}", f"{error:.3f}"]
