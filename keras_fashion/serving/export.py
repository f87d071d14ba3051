"""From run folders to SavedModels that TensorFlow Serving, or TensorFlow alone, can run."""

import json
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from keras_fashion.errors import InputError
from keras_fashion.models.recommender import ScoringVectors
from keras_fashion.run import Run, matching_pair, versions
from keras_fashion.serving.designer import ServedDesigner
from keras_fashion.serving.recommender import ServedRecommender, ServedVisualRecommender


def export(recommender_run: Run, gan_run: Run | None, out: Path) -> list[Path]:
    """Exports a recommender and, with a GAN, a designer.

    They go to `out/recommender/<version>/` and `out/designer/<version>/`. A version is the next
    whole number; none is ever overwritten. Models are written aside and renamed, so that a server
    that watches the folder never sees half of one.

    Args:
        recommender_run: Of any recommender; of a DVBPR if there is a GAN.
        gan_run: Of a conditional GAN trained on the same catalogue, or None.
        out: Folder for all exported models.

    Returns:
        The folders of the new versions.

    Raises:
        InputError: If a run is of the wrong kind, the two are of different catalogues, or `out`
            cannot be written.
    """
    # Asked first, so that a run without vectors (a GAN's) is refused by name.
    if not isinstance(recommender_run.vectors, ScoringVectors):
        raise InputError(
            f"{recommender_run.path} scores by the nearest item and has no vectors of users to "
            "export; export a visrank run or another recommender's."
        )
    if gan_run is not None:
        matching_pair(recommender_run, gan_run)
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".export-", dir=out))
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}); name another.") from error
    try:
        # Folders of ids are temporary: saving copies the files into the SavedModel.
        sees = hasattr(recommender_run.model, "encoder")
        served = ServedVisualRecommender if sees else ServedRecommender
        recommender = served(recommender_run, _new(aside / "recommender_ids"))
        names = ["recommend", "score", *(["embed", "score_picture"] if sees else [])]
        _save(recommender, names, [recommender_run], aside / "recommender")
        models = ["recommender"]
        if gan_run is not None:
            designer = ServedDesigner(recommender_run, gan_run, _new(aside / "designer_ids"))
            _save(designer, ["design", "generate"], [recommender_run, gan_run], aside / "designer")
            models.append("designer")
        return [_publish(aside / model, out / model) for model in models]
    finally:
        shutil.rmtree(aside)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _save(module: tf.Module, names: list[str], runs: list[Run], folder: Path) -> None:
    """Writes a SavedModel with the named methods as signatures; the first is also the default."""
    signatures = {name: getattr(module, name).get_concrete_function() for name in names}
    tf.saved_model.save(
        module, str(folder), signatures=signatures | {"serving_default": signatures[names[0]]}
    )
    catalogue = runs[0].catalogue
    facts = {
        "catalogue": catalogue.name,
        "fingerprint": catalogue.fingerprint,
        "categories": catalogue.categories,
        "models": [run.config["model"] for run in runs],
        "versions": versions(),
        "signatures": {name: _described(function) for name, function in signatures.items()},
    }
    extra = _new(folder / "assets.extra")
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (extra / "keras_fashion.json").write_text(text, encoding="utf-8")


def _described(function: tf.types.experimental.ConcreteFunction) -> dict[str, dict[str, str]]:
    def described(specs: dict[str, tf.TensorSpec]) -> dict[str, str]:
        return {name: f"{spec.dtype.name} {spec.shape}" for name, spec in specs.items()}

    inputs = {spec.name: spec for spec in function.structured_input_signature[0]}
    return {"inputs": described(inputs), "outputs": described(function.structured_outputs)}


def _publish(folder: Path, parent: Path) -> Path:
    """Renames a finished model to the next version under `parent`."""
    parent.mkdir(exist_ok=True)
    taken = [int(path.name) for path in parent.iterdir() if path.name.isdecimal()]
    return folder.rename(parent / str(max(taken, default=0) + 1))
