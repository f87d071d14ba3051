"""`keras-fashion recommend`: existing items to a user."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.quiet_tensorflow import quiet_tensorflow


def _conditions(
    context: click.Context, option: click.Parameter, given: tuple[str, ...]
) -> list[tuple[str, str]]:
    for each in given:
        if "=" not in each:
            raise click.BadParameter(f"{each!r} is not of the form COLUMN=VALUE.")
    return [tuple(each.split("=", 1)) for each in given]


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--user", "user_id", help="Id of a user who was trained on.")
@click.option(
    "--history",
    multiple=True,
    help="Id of an item that somebody bought who was not trained on; repeat it for more. For "
    "models trained with --history.",
)
@click.option("-k", "k", type=click.IntRange(1), default=10, show_default=True, help="How many.")
@click.option("--category", help="Only items of this category; short for --where category=...")
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    callback=_conditions,
    help="Only items that have this value of an attribute or of category; repeat it for further "
    "columns, which must all hold, and for further values of one, of which one must.",
)
@click.option("--sheet", type=click.Path(path_type=Path), help="PNG to draw them into.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def recommend(
    run: Path,
    user_id: str | None,
    history: tuple[str, ...],
    k: int,
    category: str | None,
    where: list[tuple[str, str]],
    sheet: Path | None,
    as_json: bool,
) -> None:
    """Recommend items that the user has not bought yet."""
    if (user_id is None) == (not history):
        raise click.UsageError("give either --user, or --history once or more.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.report.design_sheets import SHOWN
    from keras_fashion.app.report.sheets import PictureGroup, SheetRow, picture_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.models.retrieval import top_items

    trained = Run(run)
    catalogue = trained.catalogue
    vectors = trained.vectors
    if history:
        bought = np.array([catalogue.item_index(item) for item in history])
        vectors = vectors._replace(users=trained.newcomer_vector(bought)[None])
        user, title = 0, "newcomer"
    else:
        user, title = trained.trained_user(user_id), user_id
        bought = catalogue.items_of(user)
    if category is not None:
        where.append(("category", category))
    allowed = catalogue.items_where(where)
    items, scores = top_items(vectors, user, k, bought, allowed)

    rows = [
        {
            "item": str(catalogue.item_ids[item]),
            "category": catalogue.categories[catalogue.item_categories[item]],
            "score": float(score),
        }
        for item, score in zip(items, scores, strict=True)
    ]
    if sheet is not None:
        groups = [
            PictureGroup("bought", catalogue.pictures_of(bought[:5], SHOWN)),
            PictureGroup(
                "recommended", catalogue.pictures_of(items, SHOWN), [row["item"] for row in rows]
            ),
        ]
        with atomic_write(sheet) as aside:
            picture_sheet([SheetRow(title, groups)]).save(aside, "PNG")
    if as_json:
        who = {"history": history} if history else {"user": user_id}
        click.echo(json.dumps(who | {"items": rows}))
        return
    for row in rows:
        click.echo(f"{row['item']:24} {row['score']:9.4f}  {row['category']}")
