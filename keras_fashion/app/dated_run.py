"""A run as it is on a day, for recommendations and designs at that time."""

import numpy as np

from keras_fashion.app.run import Run
from keras_fashion.data import TemporalSplit, months_of_days
from keras_fashion.errors import InputError
from keras_fashion.models.visual_recommender import VisualRecommender


class DatedRun(Run):
    """The run of a recommender whose users change with time, on a day.

    Users are made from what they bought before the day, and trends and seasons are those of its
    month.

    Attributes:
        on_sale: (I,) bool, which items are sold on the day.
        month: Month of the day, counted from January 1970.

    Args:
        run: The run, trained on a split in time.
        day: Number of the day (`keras_fashion.data.parse_day`).

    Raises:
        InputError: If the users of the run's model do not change with time.
    """

    def __init__(self, run: Run, day: int) -> None:
        super().__init__(run.path)
        split, model = run.split, run.model
        knows_time = isinstance(model, VisualRecommender) and (
            model.with_history or model.time_terms is not None
        )
        if not (isinstance(split, TemporalSplit) and knows_time):
            raise InputError(
                f"{run.path} does not change with time: it was trained without --split-time, or "
                "has neither --history nor --time-terms; leave out --at, or train another."
            )
        self.on_sale = split.on_sale(day)
        self.month = int(months_of_days(np.array(day)))
        train, train_days = split.before(day)
        self._bought = train
        # These take the place of what the base class reads from files.
        self.split, self.model, self.catalogue = split, model, run.catalogue
        self.vectors = model.scoring_vectors(
            items=run.vectors.items,
            train=train,
            train_days=train_days,
            month=self.month,
        )

    def items_bought(self, user: int) -> np.ndarray:
        """Returns the dense indices of what a user bought before the day, (n,) int."""
        return self._bought[self._bought[:, 0] == user, 1]

    def newcomer_vector(self, history: np.ndarray) -> np.ndarray:
        """Computes the vector of a user whom the model was not trained on, see `Run`."""
        vector: np.ndarray = self.model.newcomer_vector(history, self.vectors, self.month)
        return vector
