from keras_fashion.data.sources.dvbpr.released_data import PAPER, RELEASED, Counts, compare_counts

FASHION = "AmazonFashion6ImgPartitioned.npy"
MEN = "AmazonMenWithImgPartitioned.npy"


def test_the_table_adds_up():
    for counts in RELEASED.values():
        assert counts.interactions == counts.train + 2 * counts.users
    # The last published checkpoint of Amazon Fashion: the end of epoch 19 in batches of 128.
    assert -(-19 * RELEASED[FASHION].train // 128) == 39_728
    assert set(PAPER) == set(RELEASED)


def test_a_released_file_agrees():
    said = compare_counts(FASHION, RELEASED[FASHION])
    assert f"as others counted in {FASHION}" in said and "warning" not in said
    # The file is smaller than the paper's table, which is no fault of the file.
    assert "the paper's table has 64,583 users, 234,892 items, 513,367 interactions" in said


def test_a_released_file_is_known_under_another_name():
    found = RELEASED[MEN]._replace(categories=50, interactions=254_870)
    said = compare_counts("mine.npy", found)
    assert f"as others counted in {MEN}" in said and "paper" not in said


def test_a_difference_is_said_with_both_numbers():
    said = compare_counts(MEN, Counts(34_244, 110_000, 186_000, 254_870, 7))
    assert "110,000 items instead of 110,636, 186,000 train instead of 186,339" in said
    assert "34,244 users instead" not in said
    assert "50 categories, here 7" in said


def test_other_files_are_only_counted():
    said = compare_counts("x.npy", Counts(1, 2, 3, 4, None))
    assert "1 users, 2 items, 3 training" in said and "none of the paper's four files" in said
