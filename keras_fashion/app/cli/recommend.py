"""`keras-fashion recommend`: items of the catalogue for a user."""

import json
from pathlib import Path

import click

from keras_fashion.app.cli.parameters import EXISTING, AttributeValueParam, DayParam, json_option
from keras_fashion.app.cli.plain_errors import PlainCommand
from keras_fashion.app.cli.startup import quiet_tensorflow


@click.command(cls=PlainCommand)
@click.argument("run", type=EXISTING)
@click.option("--user", "user_id", help="Id of a user on whom the model was trained.")
@click.option(
    "--history",
    multiple=True,
    help="Id of an item that a new user bought; may be given several times. For models trained "
    "with --history.",
)
@click.option(
    "-k", "k", type=click.IntRange(1), default=10, show_default=True, help="Number of items."
)
@click.option("--category", help="Only items of this category; short for --where category=...")
@click.option(
    "--where",
    type=AttributeValueParam(),
    multiple=True,
    help="Only items with this value of an attribute or of the category; may be given several "
    "times. Items match one of the values of each column that is given.",
)
@click.option(
    "--at",
    type=DayParam(),
    help="Day for which to recommend, of the items that are sold then. For models that know time, "
    "trained with --split-time and with --history or --time-terms.",
)
@click.option("--sheet", type=click.Path(path_type=Path), help="PNG file to draw the items into.")
@json_option
def recommend(
    run: Path,
    user_id: str | None,
    history: tuple[str, ...],
    k: int,
    category: str | None,
    where: tuple[tuple[str, str], ...],
    at: int | None,
    sheet: Path | None,
    as_json: bool,
) -> None:
    """Recommend items that the user has not bought yet."""
    if (user_id is None) == (not history):
        raise click.UsageError("give either --user, or --history once or more.")
    quiet_tensorflow()
    import numpy as np

    from keras_fashion.app.dated_run import DatedRun
    from keras_fashion.app.report.design_sheets import ITEM_SIZE
    from keras_fashion.app.report.picture_sheets import PictureGroup, SheetRow, picture_sheet
    from keras_fashion.app.run import Run
    from keras_fashion.atomic_files import atomic_write
    from keras_fashion.models.retrieval import top_items

    trained = Run(run)
    if at is not None:
        trained = DatedRun(trained, at)
    catalogue = trained.catalogue
    vectors = trained.vectors
    if user_id is None:
        bought = np.array([catalogue.item_index(item) for item in history])
        vectors = vectors._replace(users=trained.newcomer_vector(bought)[None])
        user, title = 0, "new user"
    else:
        user, title = trained.trained_user(user_id), user_id
        bought = trained.items_bought(user)
    conditions = [*where] if category is None else [*where, ("category", category)]
    allowed = catalogue.items_where(conditions)
    if isinstance(trained, DatedRun):
        allowed &= trained.on_sale
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
            PictureGroup("bought", catalogue.pictures_of(bought[:5], ITEM_SIZE)),
            PictureGroup(
                "recommended",
                catalogue.pictures_of(items, ITEM_SIZE),
                [row["item"] for row in rows],
            ),
        ]
        with atomic_write(sheet) as aside:
            picture_sheet([SheetRow(title, groups)]).save(aside, "PNG")
    if as_json:
        who = {"history": history} if user_id is None else {"user": user_id}
        click.echo(json.dumps(who | {"items": rows}))
        return
    for row in rows:
        click.echo(f"{row['item']:24} {row['score']:9.4f}  {row['category']}")
