from table_recipe import check_a_row_of_the_papers_table, start


def test_a_row_of_the_papers_table(tiny_catalogue, tmp_path):
    check_a_row_of_the_papers_table("amazon_fashion", tiny_catalogue.path, tmp_path)


def test_hm_asks_for_its_columns(tiny_catalogue, tmp_path):
    done = start("hm", tiny_catalogue.path, "--out", tmp_path / "runs")
    assert done.returncode == 1
    assert "no attribute department_no" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()
