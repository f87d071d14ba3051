"""Amazon Fashion with the settings of the paper (Kang, Fang, Wang, McAuley, ICDM 2017).

    keras-fashion prepare dvbpr AmazonFashion6ImgPartitioned.npy --out CATALOGUE
    keras-fashion features CATALOGUE --backbone inception_v3
    python recipes/amazon_fashion.py CATALOGUE --split CATALOGUE/split.csv --out runs/amazon_fashion

paper_table.py says what differs from the released code.

**Not run by us: the data set is not ours to distribute and the network asks for a GPU.** What to
expect is the authors' own: their training log, 100 sampled negatives, reaches a test AUC of .657
after epoch 1, .768 after 5, .790 after 10 and .801 at its best, epoch 14 (validation .802); the
paper's table says .7964 for all items. Its released data has 45,184 users, 166,270 items and
267,635 training interactions; another count means another data set.
"""

from paper_table import paper_table

if __name__ == "__main__":
    paper_table()
