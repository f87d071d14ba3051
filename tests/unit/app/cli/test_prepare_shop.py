"""`prepare shop` guesses columns and shows them before it uses them."""


def arguments(shop):
    files = ("--interactions", shop / "interactions.csv", "--items", shop / "items.csv")
    return ("prepare", "shop", *files, "--images", shop / "images.tar")


def test_columns_are_shown_on_stderr_before_use(call, shop):
    result = call(*arguments(shop), "--category-column", "group", "--check")
    assert result.exit_code == 0
    assert result.stderr.startswith(
        "columns: user = customer_id (guessed), item = article_id (guessed), "
        "time = t_dat (guessed), category = group\n"
    )
    assert "would make 24 items in 3 categories, 9 users, 58 interactions" in result.stdout
    assert "left out: 1 x item without a picture" in result.stdout


def test_what_cannot_be_guessed_is_one_line_that_names_the_option(call, shop):
    result = call(*arguments(shop), "--check")
    assert result.exit_code == 1
    error = result.stderr.strip()
    assert error.startswith("Error: ") and "\n" not in error
    assert "items.csv has no column that looks like the category" in error
    assert "--category-column" in error
