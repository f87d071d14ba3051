"""From run folders to SavedModels that TensorFlow Serving, or TensorFlow alone, can run."""

import json
import re
import tempfile
from collections import ChainMap
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import tensorflow as tf

from keras_fashion.app.model_card import (
    Table,
    as_json,
    designer_card,
    measure_designer,
    measure_recommender,
    recommender_card,
)
from keras_fashion.app.run import Run, matching_pair
from keras_fashion.app.run import versions as library_versions
from keras_fashion.atomic_files import atomic_folder
from keras_fashion.errors import InputError
from keras_fashion.models import DVBPR
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.models.visual_recommender import VisualRecommender
from keras_fashion.serving.signatures.designer import ServedDesigner
from keras_fashion.serving.signatures.newcomers import ServedNewcomers
from keras_fashion.serving.signatures.pictures import ServedPictures
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.served import ItemEmbeddings, Served
from keras_fashion.serving.warm_up import write_warm_up


def export(recommender_run: Run, gan_run: Run | None, out: Path) -> list[Path]:
    """Exports a recommender and, with a GAN, a designer.

    They go to `out/recommender/<version>/` and `out/designer/<version>/`. A version is the next
    whole number; none is ever overwritten. Models are written aside, under names that a server
    does not look at, and renamed, so that one that watches the folder never sees half of one.

    Beside the model, `assets.extra` holds `model_card.md`, the same facts for programs in
    `keras_fashion.json`, and the requests with which TensorFlow Serving warms up.

    Args:
        recommender_run: Of any recommender with vectors; of a DVBPR if there is a GAN.
        gan_run: Of a conditional GAN trained on the same catalogue, or None.
        out: Folder for all exported models.

    Returns:
        The folders of the new versions.

    Raises:
        InputError: If a run is of the wrong kind, the two are of different catalogues, `out`
            cannot be written, or another process is exporting the same version.
    """
    # Asked first, so that a run without vectors (a GAN's) is refused by name.
    if not isinstance(recommender_run.vectors, ScoringVectors):
        raise InputError(
            f"{recommender_run.path} scores by the nearest item and has no vectors of users to "
            "export; export a visrank run or another recommender's."
        )
    if gan_run is not None:
        matching_pair(recommender_run, gan_run)
    made = datetime.now(timezone.utc).date().isoformat()
    versions = {
        model: _next_version(Path(out) / model)
        for model in (["recommender"] if gan_run is None else ["recommender", "designer"])
    }
    with ExitStack() as stack:
        ids = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # The last to be entered is the first to be published: the recommender.
        asides = {
            model: stack.enter_context(atomic_folder(versions[model]))
            for model in reversed(versions)
        }
        parts = _recommender(recommender_run, _new(ids / "recommender"))
        measured = measure_recommender(recommender_run)
        card = recommender_card(recommender_run, measured, made)
        _save("recommender", parts, [recommender_run], measured, card, asides["recommender"])
        if gan_run is not None:
            runs = [recommender_run, gan_run]
            designer = ServedDesigner(recommender_run, gan_run.model, _new(ids / "designer"))
            measured = measure_designer(recommender_run, designer)
            card = designer_card(*runs, measured, made)
            _save("designer", [designer], runs, measured, card, asides["designer"])
    return list(versions.values())


def _recommender(run: Run, ids: Path) -> list[Served]:
    """What a run's model can do, as parts of one SavedModel."""
    known = ServedRecommender(run, ids)
    parts = [known]
    if isinstance(run.model, VisualRecommender):
        embeddings = ItemEmbeddings(run)
        if run.model.with_history:
            parts.append(ServedNewcomers(known, embeddings))
        if isinstance(run.model, DVBPR):
            parts.append(ServedPictures(run, known, embeddings))
    return parts


def _next_version(parent: Path) -> Path:
    """The next number; one that was withdrawn (`.7.withdrawn`) is not given twice."""
    names = [re.fullmatch(r"(\d+)|\.(\d+)\.withdrawn", path.name) for path in parent.glob("*")]
    taken = [int(name[1] or name[2]) for name in names if name]
    return parent / str(max(taken, default=0) + 1)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _save(
    name: str,
    parts: list[Served],
    runs: list[Run],
    measured: Table,
    card: str,
    folder: Path,
) -> None:
    """Writes a SavedModel with the signatures of all parts; the first is also the default."""
    signatures = {
        each: function.get_concrete_function()
        for part in parts
        for each, function in part.signatures_served().items()
    }
    # Not the parts themselves: their functions would be traced and saved once more.
    module = tf.Module()
    module.resources = [each for part in parts for each in part.resources]
    default = {"serving_default": next(iter(signatures.values()))}
    tf.saved_model.save(module, str(folder), signatures=signatures | default)
    catalogue = runs[0].catalogue
    facts = {
        "catalogue": catalogue.name,
        "fingerprint": catalogue.fingerprint,
        "licence": catalogue.licence,
        "categories": catalogue.categories,
        "models": [run.config["model"] for run in runs],
        "measured": as_json(measured),
        "versions": library_versions(),
        "signatures": {each: _described(function) for each, function in signatures.items()},
    }
    extra = _new(folder / "assets.extra")
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (extra / "keras_fashion.json").write_text(text, encoding="utf-8")
    (extra / "model_card.md").write_text(card, encoding="utf-8")
    requests = [part.example_requests(runs[0]) for part in parts]
    write_warm_up(extra, name, signatures, dict(ChainMap(*requests)))


def _described(function: tf.types.experimental.ConcreteFunction) -> dict[str, dict[str, str]]:
    def described(specs: Mapping[str, tf.TensorSpec]) -> dict[str, str]:
        return {name: f"{spec.dtype.name} {spec.shape}" for name, spec in specs.items()}

    inputs = {spec.name: spec for spec in function.structured_input_signature[0]}
    return {"inputs": described(inputs), "outputs": described(function.structured_outputs)}
