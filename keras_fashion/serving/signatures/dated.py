"""The signatures with a date, of models that know time: what is preferred in its month.

The trend and the season are the same for all users. A user in another month is therefore the one of
the last month of training plus a vector, and items have another bias in each month of the year.
What users bought does not change with the date: it is what they had bought at the end of training.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_fashion.data import Catalogue, Split
from keras_fashion.models.scoring_vectors import ScoringVectors
from keras_fashion.models.time_terms import MONTHS, TimeTerms
from keras_fashion.models.trained import TrainedRecommender
from keras_fashion.serving.signatures.designer import DESIGN_INPUTS, ServedDesigner
from keras_fashion.serving.signatures.item_table import MAX_K
from keras_fashion.serving.signatures.recommender import RECOMMEND_INPUTS, ServedRecommender
from keras_fashion.serving.signatures.request_checks import (
    after,
    require,
    require_range,
    require_rows,
)
from keras_fashion.serving.signatures.served_module import ItemEmbeddings, ServedModule

_DATE = "|".join(
    [
        r"\d{4}-(0[13578]|1[02])-(0[1-9]|[12]\d|3[01])",
        r"\d{4}-(0[469]|11)-(0[1-9]|[12]\d|30)",
        r"\d{4}-02-(0[1-9]|1\d|2[0-8])",
        r"(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29",
    ]
)
"""The days of the calendar as YYYY-MM-DD; the last line is the leap years."""


def months_of_dates(date: tf.Tensor) -> tf.Tensor:
    """Reads dates and checks that they are dates.

    Args:
        date: (B,) string, as YYYY-MM-DD.

    Returns:
        (B,) int32, months since January 1970, as `TimeTerms` counts them.

    Raises:
        tf.errors.InvalidArgumentError: At run time, with the rows that are no dates.

    Example:
        >>> months_of_dates(tf.constant(["1970-01-31", "2020-06-22"])).numpy().tolist()
        [0, 605]
    """
    wrong = tf.where(~tf.strings.regex_full_match(date, _DATE))[:, 0]
    found = tf.strings.join([tf.strings.as_string(wrong), " has ", tf.gather(date, wrong)])
    check = require(
        tf.size(wrong) == 0,
        "date must be a day as YYYY-MM-DD, such as 2020-06-22; row ",
        tf.strings.reduce_join(found, separator=", row "),
    )
    (date,) = after([check], date)
    year = tf.strings.to_number(tf.strings.substr(date, 0, 4), tf.int32)
    month = tf.strings.to_number(tf.strings.substr(date, 5, 2), tf.int32)
    return (year - 1970) * MONTHS + month - 1


class MonthlyRecommender:
    """A trained recommender whose scoring vectors begin with the months of the year.

    Of an item, these twelve numbers are how much its bias in each month differs from that in the
    last month of training. Of a user they are 0, so that the scores are those of the last month of
    training; a 1 at a month adds these differences. Models without biases of categories by month
    have no such numbers.

    Args:
        trained: A trained `VisualRecommender` with `time_terms`.

    Attributes:
        model: Its model.
        vectors: Its scoring vectors with 12 columns before those of users and items.
        catalogue: Its catalogue.
        split: Its split.

    Example:
        >>> from types import SimpleNamespace
        >>> terms = TimeTerms(2, ["category"], first_month=0, last_month=5, num_items=3)
        >>> _ = terms.category_bias.assign([[0, 0, 0, 0, 0, 2, 3, 0, 0, 0, 0, 0]])  # one category
        >>> vectors = ScoringVectors(np.ones((1, 2)), np.ones((3, 2)), np.full(3, 2.0))
        >>> trained = SimpleNamespace(
        ...     model=SimpleNamespace(time_terms=terms), vectors=vectors, catalogue=None, split=None
        ... )
        >>> monthly = MonthlyRecommender(trained).vectors
        >>> monthly.users.shape, monthly.items[0, 5:8].tolist()  # June to August
        ((1, 14), [0.0, 1.0, -2.0])
    """

    def __init__(self, trained: TrainedRecommender) -> None:
        self.model: Any = trained.model
        self.catalogue: Catalogue = trained.catalogue
        self.split: Split = trained.split
        users, items, biases = trained.vectors
        terms: TimeTerms = self.model.time_terms
        month = tf.range(num_months(terms))
        item = tf.range(len(items))[:, None]
        seasonal = (terms.bias(item, month) - terms.bias(item)).numpy()
        blank = np.zeros((len(users), seasonal.shape[1]), np.float32)
        self.vectors = ScoringVectors(
            users=np.concatenate([blank, users], axis=1),
            items=np.concatenate([seasonal, items], axis=1),
            biases=biases,
        )


def time_terms_of(trained: TrainedRecommender) -> TimeTerms | None:
    """Returns the time terms of a recommender's model; None if it has none."""
    terms: TimeTerms | None = getattr(trained.model, "time_terms", None)
    return terms


def num_months(terms: TimeTerms) -> int:
    """Returns the number of columns of `MonthlyRecommender`: 12, or 0 without biases by month."""
    return MONTHS if "category" in terms.terms else 0


class ServedStyles(tf.Module):
    """What the embedding of a user is more at a date than at the end of training.

    Args:
        terms: The time terms of the model.

    Attributes:
        change: Function that maps (B,) int32, months since January 1970, to (B, K) float32.
        example_date: A day of the last month of training, as YYYY-MM-DD.

    Example:
        >>> terms = TimeTerms(1, ["trend"], first_month=0, last_month=5, num_items=1)
        >>> _ = terms.trend.assign([[1.0], [3.0]])
        >>> ServedStyles(terms).change(tf.constant([2, 5, 8])).numpy().tolist()
        [[-2.0], [0.0], [1.0]]
    """

    def __init__(self, terms: TimeTerms) -> None:
        super().__init__()
        self.change = tf.function(
            lambda month: terms.style(month) - terms.style(),
            input_signature=[tf.TensorSpec([None], tf.int32)],
            autograph=False,
        )
        # The weights that the graph reads are tracked instead of the Keras layer.
        self.weights = list(self.change.get_concrete_function().variables)
        last_month = np.datetime64(terms.last_month, "M")
        self.example_date = str(last_month.astype("datetime64[D]"))


class ServedDatedRecommendations(ServedModule):
    """Recommends for a date.

    Args:
        recommender: The served recommender of a `MonthlyRecommender`.
        embeddings: The embeddings of the same items.
        terms: The time terms of the model.
    """

    def __init__(
        self, recommender: ServedRecommender, embeddings: ItemEmbeddings, terms: TimeTerms
    ) -> None:
        super().__init__()
        self.recommender = recommender
        self.start = embeddings.start
        self.num_months = num_months(terms)
        self.styles = ServedStyles(terms)

    @tf.function(
        input_signature=[*RECOMMEND_INPUTS, tf.TensorSpec([None], tf.string, "date")],
        autograph=False,
    )
    def recommend_at(
        self,
        user_id: tf.Tensor,
        k: tf.Tensor,
        category: tf.Tensor,
        exclude_seen: tf.Tensor,
        date: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Recommends the items with the highest scores at a date to each user, the best first.

        Args:
            user_id: (B,) string.
            k: (B,) int32, see `ServedRecommender.recommend`.
            category: (B,) string, see `ServedRecommender.recommend`.
            exclude_seen: (B,) bool, see `ServedRecommender.recommend`.
            date: (B,) string, as YYYY-MM-DD.

        Returns:
            `item_id` and `score` (B, n), `known_user` (B,), see `ServedRecommender.recommend`.
            Users who are not known get the same items at all dates.

        Raises:
            tf.errors.InvalidArgumentError: See `ServedRecommender.recommend`; also if a date is no
                date.
        """
        columns = {"user_id": user_id, "k": k, "category": category, "exclude_seen": exclude_seen}
        columns["date"] = date
        checks = [require_rows(**columns), require_range("k", k, 1, MAX_K)]
        user_id, k, category, exclude_seen, date = after(checks, *columns.values())
        month = months_of_dates(date)
        user = self.recommender.user_index[user_id]
        rows, known_user = self.recommender.user_rows(user)
        # Rows are [months, gamma, theta, 1, 0].
        latent_size = self.start - self.num_months
        change = tf.pad(self.styles.change(month), [[0, 0], [latent_size, 2]])
        change = tf.concat([tf.one_hot(month % MONTHS, self.num_months), change], axis=1)
        rows = tf.where(known_user[:, None], rows + change, rows)
        found = self.recommender.best(user, rows, k, category, exclude_seen)
        return found | {"known_user": known_user}

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the function to export by name."""
        return {"recommend_at": self.recommend_at}

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to the signature."""
        request = self.recommender.example_requests(trained)["recommend"]
        return {"recommend_at": request | {"date": [self.styles.example_date]}}


class ServedDatedDesigns(ServedModule):
    """Designs for a date.

    Args:
        designer: The served designer of a recommender with time terms.
        terms: These time terms.
    """

    def __init__(self, designer: ServedDesigner, terms: TimeTerms) -> None:
        super().__init__()
        self.designer = designer
        self.styles = ServedStyles(terms)

    @tf.function(
        input_signature=[*DESIGN_INPUTS, tf.TensorSpec([], tf.string, "date")], autograph=False
    )
    def design_at(
        self,
        user_id: tf.Tensor,
        category: tf.Tensor,
        count: tf.Tensor,
        eta: tf.Tensor,
        steps: tf.Tensor,
        seed: tf.Tensor,
        date: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Designs garments for one user or a group, for what they prefer at a date.

        Args:
            user_id: (n,) string, see `ServedDesigner.design`.
            category: () string, see `ServedDesigner.design`.
            count: () int32, see `ServedDesigner.design`.
            eta: () float32, see `ServedDesigner.design`.
            steps: () int32, see `ServedDesigner.design`.
            seed: () int32, see `ServedDesigner.design`.
            date: () string, as YYYY-MM-DD.

        Returns:
            See `ServedDesigner.design`.

        Raises:
            tf.errors.InvalidArgumentError: See `ServedDesigner.design`; also if `date` is no
                date.
        """
        change = self.styles.change(months_of_dates(date[None]))
        return self.designer.designs(user_id, category, count, eta, steps, seed, change)

    def signatures(self) -> dict[str, tf.types.experimental.GenericFunction]:
        """Returns the function to export by name."""
        return {"design_at": self.design_at}

    def example_requests(self, trained: TrainedRecommender) -> dict[str, dict[str, Any]]:
        """Returns a request to the signature."""
        request = self.designer.example_requests(trained)["design"]
        return {"design_at": request | {"date": self.styles.example_date}}
