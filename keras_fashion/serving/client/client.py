"""A typed client of the exported models behind TensorFlow Serving or MLflow."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from keras_fashion.serving.client.rest_transport import MLflowTransport, RestTransport
from keras_fashion.serving.client.transport import NEWEST, ModelVersion, Transport


class Recommendations(NamedTuple):
    """Items recommended to B users, the best first.

    Attributes:
        item_id: (B, n) str; "" where no item is left.
        score: (B, n) float; -3.4e38 where no item is left.
        known_user: (B,) bool, whether the model knows the user. Others get the most popular items.
    """

    item_id: np.ndarray
    score: np.ndarray
    known_user: np.ndarray


class NewcomerRecommendations(NamedTuple):
    """Items recommended to B users whom the model was not trained on, the best first.

    Attributes:
        item_id: (B, n) str, as in `Recommendations`.
        score: (B, n) float, as in `Recommendations`.
        known_items: (B,) int, number of bought items that the model knows.
    """

    item_id: np.ndarray
    score: np.ndarray
    known_items: np.ndarray


class Scores(NamedTuple):
    """Scores of B pairs of a user and an item.

    Attributes:
        score: (B,) float; -3.4e38 for an unknown item.
        known_user: (B,) bool. The score is the item's popularity for an unknown user.
        known_item: (B,) bool.
    """

    score: np.ndarray
    known_user: np.ndarray
    known_item: np.ndarray


class PictureScores(NamedTuple):
    """Scores of B pairs of a user and a picture.

    Attributes:
        score: (B,) float; -3.4e38 for an unknown user.
        known_user: (B,) bool.
    """

    score: np.ndarray
    known_user: np.ndarray


class SimilarItems(NamedTuple):
    """Items that are similar to B pictures, the most similar first.

    Attributes:
        item_id: (B, n) str.
        similarity: (B, n) float, cosines.
    """

    item_id: np.ndarray
    similarity: np.ndarray


class GeneratedPictures(NamedTuple):
    """n garments from random latents.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        realism: (n,) float; 1 stands for a real picture.
    """

    image_bytes: np.ndarray
    realism: np.ndarray


class Designs(NamedTuple):
    """n designs, the best first.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        preference: (n,) float.
        realism: (n,) float; 1 stands for a real picture.
    """

    image_bytes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray


class Redesign(NamedTuple):
    """n pictures from a garment to its redesign.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        preference: (n,) float.
        realism: (n,) float; 1 stands for a real picture.
        distance: (n,) float, distance from the garment: 0 for the garment itself, 1 on average for
            a random one.
    """

    image_bytes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    distance: np.ndarray


class Client:
    """Sends requests to a server of the exported `recommender` and `designer`.

    A client can be used from several threads. No request changes the server, so a request that
    finds no server, or a busy one, is repeated. A request that is answered too slowly is not
    repeated, because the server goes on computing it.

    All methods raise `ServerUnavailable` if there is no answer.

    Args:
        address: "http://host:8501" or "https://..." for TensorFlow Serving's REST interface,
            "grpc://host:8500" or "grpcs://..." for its gRPC interface, which imports TensorFlow,
            and "mlflow://host:5001" for MLflow's scoring server.
        timeout: Seconds that a try waits over REST; seconds for all tries over gRPC.
        retries: Number of times a request is repeated that finds no server, or a busy one.
        version: Number of the models' version; the newest by default. MLflow serves no other.
        label: Label of the models' version, instead of its number.

    Raises:
        ValueError: If the address is of another kind, if version and label are both given, or if
            one of them is given for MLflow.

    Example:
        >>> from keras_fashion.serving import ServerUnavailable
        >>> with Client("http://localhost:1", retries=0) as client:  # where no server is
        ...     try:
        ...         print(client.recommend(["ann", "bob"], k=3).item_id)
        ...     except ServerUnavailable:
        ...         print("no server")
        no server
    """

    def __init__(
        self,
        address: str,
        timeout: float = 30.0,
        retries: int = 3,
        version: int | None = None,
        label: str | None = None,
    ) -> None:
        if version is not None and label is not None:
            raise ValueError("a version has a number or a label; give one of them")
        self.transport = _transport(address, timeout, retries, ModelVersion(version, label))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self.transport.close()

    def recommend(
        self,
        user_ids: Sequence[str],
        k: int = 10,
        category: str = "",
        exclude_seen: bool = True,
        at: date | str | None = None,
    ) -> Recommendations:
        """Recommends k items to each of B users, from one category or from all ("").

        With `at`, a date such as "2020-06-22", the scores are those in the trend and the season of
        its month; without, those at the end of training. The items are those of the catalogue,
        whether or not they are sold at that date.

        Raises:
            RequestRefused: If the category is unknown, k is not from 1 to 1,000, `at` is no date,
                or the model has no dates.
        """
        rows = len(user_ids)
        inputs = {
            "user_id": list(user_ids),
            "k": np.full(rows, k, np.int32),
            "category": [category] * rows,
            "exclude_seen": np.full(rows, exclude_seen),
        }
        if at is None:
            return self._request(Recommendations, "recommender", "recommend", inputs)
        inputs["date"] = [str(at)] * rows
        return self._request(Recommendations, "recommender", "recommend_at", inputs)

    def recommend_newcomer(
        self, bought_item_ids: Sequence[Sequence[str]], k: int = 10, category: str = ""
    ) -> NewcomerRecommendations:
        """Recommends items to each of B users that the model was not trained on, by purchases.

        Raises:
            RequestRefused: See `recommend`; also if the model does not serve newcomers.
        """
        rows = len(bought_item_ids)
        longest = max((len(row) for row in bought_item_ids), default=0)
        inputs = {
            "bought_item_id": [[*row, *[""] * (longest - len(row))] for row in bought_item_ids],
            "k": np.full(rows, k, np.int32),
            "category": [category] * rows,
        }
        return self._request(NewcomerRecommendations, "recommender", "recommend_newcomer", inputs)

    def score(self, user_ids: Sequence[str], item_ids: Sequence[str]) -> Scores:
        """Scores B pairs of a user and an item."""
        inputs = {"user_id": list(user_ids), "item_id": list(item_ids)}
        return self._request(Scores, "recommender", "score", inputs)

    def embed(self, pictures: Sequence[bytes]) -> np.ndarray:
        """Embeds B JPEG or PNG files; returns (B, K) float.

        Raises:
            RequestRefused: If a file is broken; the message names its row. This holds for all
                methods that send pictures.
        """
        inputs = {"image_bytes": list(pictures)}
        names = ("embedding",)
        return self.transport.predict("recommender", "embed", inputs, names)["embedding"]

    def score_picture(self, user_ids: Sequence[str], pictures: Sequence[bytes]) -> PictureScores:
        """Scores B pairs of a user and a JPEG or PNG file."""
        inputs = {"user_id": list(user_ids), "image_bytes": list(pictures)}
        return self._request(PictureScores, "recommender", "score_picture", inputs)

    def similar(self, pictures: Sequence[bytes], k: int = 10) -> SimilarItems:
        """Finds the k items that are most similar to each of B JPEG or PNG files."""
        inputs = {"image_bytes": list(pictures), "k": np.full(len(pictures), k, np.int32)}
        return self._request(SimilarItems, "recommender", "similar", inputs)

    def generate(self, category: str, count: int = 3, seed: int = 0) -> GeneratedPictures:
        """Generates garments from random latents.

        Raises:
            RequestRefused: If the category is unknown or a number is out of range. This holds for
                `design` and `redesign` too.
        """
        inputs = {"category": category, "count": int(count), "seed": int(seed)}
        return self._request(GeneratedPictures, "designer", "generate", inputs)

    def design(
        self,
        user_ids: Sequence[str],
        category: str,
        count: int = 3,
        eta: float = 0.25,
        steps: int = 12,
        seed: int = 0,
        at: date | str | None = None,
    ) -> Designs:
        """Designs garments of a category for a user or a group, at a date as in `recommend`.

        Raises:
            RequestRefused: See `generate`; also if a user is unknown, `at` is no date, or the model
                has no dates.
        """
        inputs = {
            "user_id": list(user_ids),
            "category": category,
            "count": int(count),
            "eta": float(eta),
            "steps": int(steps),
            "seed": int(seed),
        }
        if at is None:
            return self._request(Designs, "designer", "design", inputs)
        return self._request(Designs, "designer", "design_at", inputs | {"date": str(at)})

    def redesign(
        self,
        picture: bytes,
        user_ids: Sequence[str],
        category: str,
        frames: int = 6,
        eta: float = 0.25,
        proximity: float = 3.0,
    ) -> Redesign:
        """Changes a garment, a JPEG or PNG file, toward what a user or a group prefers.

        Raises:
            RequestRefused: See `generate`; also if a user is unknown.
        """
        inputs = {
            "image_bytes": picture,
            "user_id": list(user_ids),
            "category": category,
            "frames": int(frames),
            "eta": float(eta),
            "proximity": float(proximity),
        }
        return self._request(Redesign, "designer", "redesign", inputs)

    def _request(self, kind: Any, model: str, signature: str, inputs: dict[str, Any]) -> Any:
        """Calls a signature; returns its outputs as a NamedTuple of the given class."""
        return kind(**self.transport.predict(model, signature, inputs, kind._fields))


def _transport(address: str, timeout: float, retries: int, version: ModelVersion) -> Transport:
    scheme = address.partition("://")[0]
    if scheme in ("http", "https"):
        return RestTransport(address, timeout, retries, version)
    if scheme == "mlflow":
        if version != NEWEST:
            raise ValueError("MLflow's server serves the newest version only; ask for no other")
        return MLflowTransport(address, timeout, retries)
    if scheme in ("grpc", "grpcs"):
        # Imported here, because it imports TensorFlow, which REST does not need.
        from keras_fashion.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport(address, timeout, retries, version)
    raise ValueError(
        f"{address!r} is no address: give http://host:8501, grpc://host:8500 or mlflow://host:5001"
    )
