from table_recipe import check_a_row_of_the_papers_table


def test_a_row_of_the_papers_table(tiny_catalogue, tmp_path):
    check_a_row_of_the_papers_table("tradesy", tiny_catalogue.path, tmp_path)
