"""`keras-fashion explain`: why somebody likes a picture, or does not."""

import json
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow

if TYPE_CHECKING:
    from keras_fashion.data import Catalogue
    from keras_fashion.design.explanations import ComparedItem

_THIRDS = [
    f"{row} {column}"
    for row, column in product(("upper", "middle", "lower"), ("left", "center", "right"))
]


@click.command()
@click.argument("recommender", type=click.Path(exists=True, path_type=Path))
@click.option("--user", "user_ids", multiple=True, required=True, help="Id; repeat for a group.")
@click.option("--item", "item_id", help="Id of the item to explain.")
@click.option(
    "--picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File to explain instead, as a design; with --category.",
)
@click.option("--category", help="Of the items that --picture is compared with.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="PNG to draw the explanation into.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain(
    recommender: Path,
    user_ids: tuple[str, ...],
    item_id: str | None,
    picture: Path | None,
    category: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Explain with the run of a DVBPR why users like an item or a picture, or do not.

    Draws which places of the picture raise the score and which lower it, the items most alike,
    and the nearest one that these users would like better.
    """
    if (item_id is None) == (picture is None):
        raise click.UsageError("give either --item, or --picture and --category.")
    if (picture is None) != (category is None):
        raise click.UsageError("--picture and --category go together.")
    quiet_tensorflow()
    from keras_fashion.app.report.explanation_sheet import explanation_sheet, shown_size
    from keras_fashion.app.run import Run, picture_recommender
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.data.picture_store import read_picture
    from keras_fashion.design.explanations import PreferenceExplainer

    run = picture_recommender(Run(recommender))
    catalogue = run.catalogue
    users = [run.trained_user(user_id) for user_id in user_ids]
    explainer = PreferenceExplainer(run.model, catalogue, run.vectors.items)
    seen = run.model.encoder.picture_size
    if picture is None:
        item = catalogue.item_index(item_id)
        explanation = explainer.explain_item(users, item)
        name, shown = item_id, catalogue.pictures_of([item], shown_size(seen))[0]
    else:
        index = catalogue.category_index(category)
        explanation = explainer.explain_picture(users, read_picture(picture, seen), index)
        name, shown = picture.name, read_picture(picture, shown_size(seen))
    who = user_ids[0] if len(users) == 1 else f"{len(users)} users"
    with atomic_write(out) as aside:
        explanation_sheet(catalogue, explanation, shown, name, who).save(aside, "PNG")

    found = {
        "users": user_ids,
        "item" if picture is None else "picture": item_id or str(picture),
        "category": catalogue.categories[explanation.category],
        "preference": explanation.preference,
        "liked_less": explanation.liked_less,
        "influence_of_thirds": explanation.influence_of_thirds.tolist(),
        "alike": [_named(catalogue, each) for each in explanation.alike],
        "better": None,
        "sheet": str(out),
    }
    if explanation.better is not None:
        found["better"] = _named(catalogue, explanation.better)
        found["better"]["differences"] = explanation.differences
    if as_json:
        click.echo(json.dumps(found))
        return
    _print(found, name)


def _named(catalogue: "Catalogue", compared: "ComparedItem") -> dict:
    return compared._asdict() | {"item": str(catalogue.item_ids[compared.item])}


def _print(found: dict, name: str) -> None:
    click.echo(
        f"{name}: preference {found['preference']:.3f}, "
        f"liked better than {found['liked_less']:.0%} of the {found['category']}"
    )
    places = sorted(zip(chain(*found["influence_of_thirds"]), _THIRDS, strict=True))
    for does, (value, place) in (("raises", places[-1]), ("lowers", places[0])):
        if (value > 0) == (does == "raises") and value:
            click.echo(f"{does} it most: the {place} of the picture, by {abs(value):.3f}")
    for row in found["alike"]:
        click.echo(_line("alike", row))
    if found["better"] is not None:
        click.echo(_line("better", found["better"]))
        for attribute, (has, wanted) in found["better"]["differences"].items():
            click.echo(f"         {attribute}: {has} -> {wanted}")
    click.echo(found["sheet"])


def _line(relation: str, row: dict) -> str:
    return (
        f"{relation:8} {row['item']:24} preference {row['preference']:.3f}, "
        f"liked better than {row['liked_less']:.0%}"
    )
