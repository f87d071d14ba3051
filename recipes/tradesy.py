"""Tradesy.com with the settings of the paper (Kang, Fang, Wang, McAuley, ICDM 2017).

    keras-fashion prepare dvbpr TradesyImgPartitioned.npy --out CATALOGUE
    keras-fashion features CATALOGUE --backbone inception_v3
    python recipes/tradesy.py CATALOGUE --split CATALOGUE/split.csv --out runs/tradesy

paper_table.py says what differs from the released code.

**Not run by us: the data set is not ours to distribute and the network asks for a GPU.** The
paper's numbers for Tradesy could not be read from a source we trust; what is known is that VBPR's
own paper gives .7834 for all and .7594 for cold items, and a re-implementation in PyTorch .7628
and .7489. The released data has 33,864 users, 326,393 items and 594,680 training interactions;
it has no categories, so FM has users and items only.
"""

from paper_table import paper_table

if __name__ == "__main__":
    paper_table()
