"""Exports of run folders as SavedModels, which need TensorFlow and nothing else."""

import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path

import tensorflow as tf

from keras_fashion.app.model_card import (
    Measurements,
    designer_card,
    measure_designer,
    measure_recommender,
    measurements_to_json,
    recommender_card,
)
from keras_fashion.app.run import Run, library_versions
from keras_fashion.app.run_checks import require_matching_pair
from keras_fashion.atomic_files import atomic_folder
from keras_fashion.design import PreferenceMaximizer
from keras_fashion.errors import InputError
from keras_fashion.models import DVBPR
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.models.visual_recommender import VisualRecommender
from keras_fashion.serving.signatures.dated import (
    MonthlyRecommender,
    ServedDatedDesigns,
    ServedDatedRecommendations,
    time_terms_of,
)
from keras_fashion.serving.signatures.designer import ServedDesigner
from keras_fashion.serving.signatures.newcomers import ServedNewcomers
from keras_fashion.serving.signatures.pictures import ServedPictures
from keras_fashion.serving.signatures.recommender import ServedRecommender
from keras_fashion.serving.signatures.served_module import ItemEmbeddings, ServedModule
from keras_fashion.serving.warm_up import write_warm_up


def export(
    recommender_run: Run,
    gan_run: Run | None,
    out: Path,
    maximizer: PreferenceMaximizer | None = None,
) -> list[Path]:
    """Exports a recommender and, with a GAN, a designer.

    The models are written to `out/recommender/<version>/` and `out/designer/<version>/`. A version
    is the next whole number, and no version is ever overwritten. Models are written under
    temporary names that a server ignores and then renamed, so that a server that watches the
    folder never loads an incomplete model.

    The folder `assets.extra` of a model contains `model_card.md`, the same facts for programs in
    `keras_fashion.json`, and the requests with which TensorFlow Serving warms up.

    Args:
        recommender_run: Run of a recommender with scoring vectors; of a DVBPR if there is a GAN.
        gan_run: Run of a conditional GAN that was trained on the same catalogue, or None.
        out: Folder of all exported models.
        maximizer: Maximizer of the two models, if there is one. What it knows of the generator is
            then not computed again, which takes several seconds.

    Returns:
        The folders of the new versions.

    Raises:
        InputError: If a run is of the wrong kind, if the two are of different catalogues, if `out`
            cannot be written, or if another process is exporting the same version.
        ValueError: If `maximizer` has other models than those of the two runs.

    Example:
        >>> from keras_fashion.app import recommender_options, train_recommender
        >>> from keras_fashion.data import Atelier, Catalogue, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = prepare(Atelier(users=4, items=30, size=16), folder / "catalogue")
        >>> catalogue = Catalogue.load(folder / "catalogue")
        >>> run = train_recommender(catalogue, folder / "poprank", recommender_options("poprank"))
        >>> exported = export(run, None, folder / "exported")
        >>> [path.relative_to(folder).as_posix() for path in exported]
        ['exported/recommender/1']
    """
    # `vectors` refuses the run of a GAN, with a message that names it.
    if not isinstance(recommender_run.vectors, ScoringVectors):
        raise InputError(
            f"{recommender_run.path} is a run of {recommender_run.config['model']}, whose scores "
            "are not linear in the user: it has no vectors to export. Export another recommender."
        )
    if gan_run is not None:
        require_matching_pair(recommender_run, gan_run)
        models = [recommender_run.model, gan_run.model]
        if maximizer is not None and [maximizer.recommender, maximizer.gan] != models:
            raise ValueError("`maximizer` must have the models of `recommender_run` and `gan_run`")
    date = datetime.now(timezone.utc).date().isoformat()
    versions = {
        model: _next_version(Path(out) / model)
        for model in (["recommender"] if gan_run is None else ["recommender", "designer"])
    }
    with ExitStack() as stack:
        ids = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # The folder that is entered last is published first: that of the recommender.
        folders = {
            model: stack.enter_context(atomic_folder(versions[model]))
            for model in reversed(versions)
        }
        parts = _recommender_parts(recommender_run, _new_folder(ids / "recommender"))
        measured = measure_recommender(recommender_run)
        card = recommender_card(recommender_run, measured, date)
        _save("recommender", parts, [recommender_run], measured, card, folders["recommender"])
        if gan_run is not None:
            maximizer = maximizer or PreferenceMaximizer(recommender_run.model, gan_run.model)
            designer = ServedDesigner(recommender_run, maximizer, _new_folder(ids / "designer"))
            measured = measure_designer(recommender_run, designer)
            card = designer_card(recommender_run, gan_run, measured, date)
            runs = [recommender_run, gan_run]
            parts = [designer]
            if (terms := time_terms_of(recommender_run)) is not None:
                parts.append(ServedDatedDesigns(designer, terms))
            _save("designer", parts, runs, measured, card, folders["designer"])
    return list(versions.values())


def _recommender_parts(run: Run, ids: Path) -> list[ServedModule]:
    """Returns the parts of the SavedModel that the kind of the run's model supports."""
    terms = time_terms_of(run)
    trained: TrainedRecommender = run if terms is None else MonthlyRecommender(run)
    recommender = ServedRecommender(trained, ids)
    parts: list[ServedModule] = [recommender]
    if isinstance(run.model, VisualRecommender):
        embeddings = ItemEmbeddings(trained)
        if terms is not None:
            parts.append(ServedDatedRecommendations(recommender, embeddings, terms))
        if run.model.with_history:
            parts.append(ServedNewcomers(recommender, embeddings, terms))
        if isinstance(run.model, DVBPR):
            parts.append(ServedPictures(trained, recommender, embeddings))
    return parts


def _next_version(parent: Path) -> Path:
    """Returns the path of the next version; a withdrawn number (`.7.withdrawn`) is not reused."""
    names = [re.fullmatch(r"(\d+)|\.(\d+)\.withdrawn", path.name) for path in parent.glob("*")]
    taken = [int(name[1] or name[2]) for name in names if name]
    return parent / str(max(taken, default=0) + 1)


def _new_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _save(
    name: str,
    parts: list[ServedModule],
    runs: list[Run],
    measured: Measurements,
    card: str,
    folder: Path,
) -> None:
    """Writes a SavedModel with the signatures of all parts; the first is also the default."""
    signatures = {
        signature: function.get_concrete_function()
        for part in parts
        for signature, function in part.signatures().items()
    }
    # The resources are saved instead of the parts, whose functions would be traced once more.
    module = tf.Module()
    module.resources = [each for part in parts for each in part.resources]
    default = {"serving_default": next(iter(signatures.values()))}
    tf.saved_model.save(module, str(folder), signatures=signatures | default)
    catalogue = runs[0].catalogue
    facts = {
        "catalogue": catalogue.name,
        "fingerprint": catalogue.fingerprint,
        "license": catalogue.license,
        "categories": catalogue.categories,
        "models": [run.config["model"] for run in runs],
        "measured": measurements_to_json(measured),
        "versions": library_versions(),
        "signatures": {each: _described(function) for each, function in signatures.items()},
    }
    extra = _new_folder(folder / "assets.extra")
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (extra / "keras_fashion.json").write_text(text, encoding="utf-8")
    (extra / "model_card.md").write_text(card, encoding="utf-8")
    requests = {
        signature: inputs
        for part in parts
        for signature, inputs in part.example_requests(runs[0]).items()
    }
    write_warm_up(extra, name, signatures, requests)


def _described(function: tf.types.experimental.ConcreteFunction) -> dict[str, dict[str, str]]:
    """Returns the dtypes and shapes of a signature's inputs and outputs."""

    def described(specs: Mapping[str, tf.TensorSpec]) -> dict[str, str]:
        return {name: f"{spec.dtype.name} {spec.shape}" for name, spec in specs.items()}

    inputs = {spec.name: spec for spec in function.structured_input_signature[0]}
    return {"inputs": described(inputs), "outputs": described(function.structured_outputs)}
