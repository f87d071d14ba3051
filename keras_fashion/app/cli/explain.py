"""`keras-fashion explain`: the reasons why users like a picture or not."""

import json
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keras_fashion.app.cli.parameters import EXISTING, check_item_or_picture, json_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow

if TYPE_CHECKING:
    from keras_fashion.data import Catalogue
    from keras_fashion.design.explanations import ComparedItem

_THIRDS = [
    f"{row} {column}"
    for row, column in product(("upper", "middle", "lower"), ("left", "center", "right"))
]


@click.command(cls=PlainCommand)
@click.argument("recommender", type=EXISTING)
@click.option(
    "--user",
    "user_ids",
    multiple=True,
    required=True,
    help="Id of a user; several make a group.",
)
@click.option("--item", "item_id", help="Id of the item to explain.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Picture file to explain instead of an item, such as a design; with --category.",
)
@click.option("--category", help="Category of the items that --picture is compared with.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="PNG file to draw the explanation into.",
)
@json_option
def explain(
    recommender: Path,
    user_ids: tuple[str, ...],
    item_id: str | None,
    picture: Path | None,
    category: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Explain why users like an item or a picture, or do not.

    RECOMMENDER is the run of a DVBPR. Draws the places of the picture that raise the score and
    those that lower it, the most similar items, and the nearest item that these users would like
    better.
    """
    check_item_or_picture(item_id, picture, category)
    quiet_tensorflow()
    from keras_fashion.app.report.explanation_sheet import explanation_sheet, shown_size
    from keras_fashion.app.run import Run
    from keras_fashion.app.run_checks import require_dvbpr
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.data.picture_store import read_picture
    from keras_fashion.design.explanations import PreferenceExplainer

    run = require_dvbpr(Run(recommender))
    catalogue = run.catalogue
    users = [run.trained_user(user_id) for user_id in user_ids]
    explainer = PreferenceExplainer(run.model, catalogue, run.vectors.items)
    seen = run.model.encoder.picture_size
    if item_id is not None:
        item = catalogue.item_index(item_id)
        explanation = explainer.explain_item(users, item)
        name, shown = item_id, catalogue.pictures_of([item], shown_size(seen))[0]
    else:
        assert picture is not None and category is not None  # by check_item_or_picture
        index = catalogue.category_index(category)
        explanation = explainer.explain_picture(users, read_picture(picture, seen), index)
        name, shown = picture.name, read_picture(picture, shown_size(seen))
    who = user_ids[0] if len(users) == 1 else f"{len(users)} users"
    with atomic_write(out) as aside:
        explanation_sheet(catalogue, explanation, shown, name, who).save(aside, "PNG")

    answer: dict[str, Any] = {
        "users": user_ids,
        "item" if picture is None else "picture": item_id or str(picture),
        "category": catalogue.categories[explanation.category],
        "preference": explanation.preference,
        "liked_less": explanation.liked_less,
        "influence_of_thirds": explanation.influence_of_thirds.tolist(),
        "alike": [_named(catalogue, each) for each in explanation.similar_items],
        "better": None,
        "sheet": str(out),
    }
    if explanation.better is not None:
        answer["better"] = _named(catalogue, explanation.better)
        answer["better"]["differences"] = explanation.differences
    if as_json:
        click.echo(json.dumps(answer))
        return
    _print(answer, name)


def _named(catalogue: "Catalogue", compared: "ComparedItem") -> dict[str, Any]:
    return compared._asdict() | {"item": str(catalogue.item_ids[compared.item])}


def _print(answer: dict[str, Any], name: str) -> None:
    click.echo(
        f"{name}: preference {answer['preference']:.3f}, "
        f"liked better than {answer['liked_less']:.0%} of the {answer['category']}"
    )
    places = sorted(zip(chain(*answer["influence_of_thirds"]), _THIRDS, strict=True))
    for effect, (value, place) in (("raises", places[-1]), ("lowers", places[0])):
        if (value > 0) == (effect == "raises") and value:
            click.echo(f"{effect} it most: the {place} of the picture, by {abs(value):.3f}")
    for row in answer["alike"]:
        click.echo(_line("alike", row))
    if answer["better"] is not None:
        click.echo(_line("better", answer["better"]))
        for attribute, (value, better) in answer["better"]["differences"].items():
            click.echo(f"         {attribute}: {value} -> {better}")
    click.echo(answer["sheet"])


def _line(relation: str, row: dict[str, Any]) -> str:
    return (
        f"{relation:8} {row['item']:24} preference {row['preference']:.3f}, "
        f"liked better than {row['liked_less']:.0%}"
    )
