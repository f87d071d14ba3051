"""A typed client of the exported models, behind TensorFlow Serving."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_fashion.serving.client.rest_transport import MLflowTransport, RestTransport
from keras_fashion.serving.client.transport import NEWEST, ModelVersion, Transport


class Recommendations(NamedTuple):
    """Of B users, the best first.

    Attributes:
        item_id: (B, n) str; "" where no item is left.
        score: (B, n) float; -3.4e38 where no item is left.
        known_user: (B,) bool, whether the model knows the user; what sells, if not.
    """

    item_id: np.ndarray
    score: np.ndarray
    known_user: np.ndarray


class NewcomerRecommendations(NamedTuple):
    """Of B people whom the model was not trained on, the best first.

    Attributes:
        item_id: (B, n) str, as of `Recommendations`.
        score: (B, n) float, as of `Recommendations`.
        known_items: (B,) int, how many of what they bought the model knows.
    """

    item_id: np.ndarray
    score: np.ndarray
    known_items: np.ndarray


class Scores(NamedTuple):
    """Of B pairs of a user and an item.

    Attributes:
        score: (B,) float; -3.4e38 for an unknown item.
        known_user: (B,) bool; a popularity, if not.
        known_item: (B,) bool.
    """

    score: np.ndarray
    known_user: np.ndarray
    known_item: np.ndarray


class PictureScores(NamedTuple):
    """Of B pairs of a user and a picture.

    Attributes:
        score: (B,) float; -3.4e38 for an unknown user.
        known_user: (B,) bool.
    """

    score: np.ndarray
    known_user: np.ndarray


class SimilarItems(NamedTuple):
    """Of B pictures, the most alike first.

    Attributes:
        item_id: (B, n) str.
        similarity: (B, n) float, cosines.
    """

    item_id: np.ndarray
    similarity: np.ndarray


class Drawings(NamedTuple):
    """n garments for nobody in particular.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        realism: (n,) float; 1 is what the discriminator takes for real.
    """

    image_bytes: np.ndarray
    realism: np.ndarray


class Designs(NamedTuple):
    """n designs, the best first.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        preference: (n,) float.
        realism: (n,) float.
    """

    image_bytes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray


class Strip(NamedTuple):
    """n pictures from a garment to its redesign.

    Attributes:
        image_bytes: (n,) bytes, PNG files.
        preference: (n,) float.
        realism: (n,) float.
        distance: (n,) float, from the garment: 0 is the same, 1 a garment drawn at random.
    """

    image_bytes: np.ndarray
    preference: np.ndarray
    realism: np.ndarray
    distance: np.ndarray


class Client:
    """Asks a server of the exported `recommender` and `designer`.

    It is safe to use from many threads. Requests change nothing on the server, so those that found
    none are repeated; one that is answered too slowly is not, for the server goes on with it.

    Args:
        address: "http://host:8501" or "https://..." for TensorFlow Serving's REST,
            "grpc://host:8500" or "grpcs://..." for its gRPC, which imports TensorFlow, and
            "mlflow://host:5001" for MLflow's scoring server (`make serve`).
        timeout: Seconds; over REST that a try waits for the server, over gRPC of all tries.
        retries: How often a request is repeated that found no server, or a busy one.
        version: Number of the version to ask; the newest by default. MLflow's has no other.
        label: Or its label.

    Raises:
        ValueError: If the address is of another kind, version and label are both given, or one of
            them to MLflow.

    Example:
        >>> with Client("http://localhost:8501") as client:
        ...     client.recommend(["shopper-0001"], k=3).item_id
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
        """Gives connections back."""
        self.transport.close()

    def recommend(
        self,
        user_ids: Sequence[str],
        k: int = 10,
        category: str = "",
        exclude_seen: bool = True,
    ) -> Recommendations:
        """The k items that each of B users likes best; of one category, or of all ("").

        Raises:
            RequestRefused: If the category is unknown or k is not from 1 to 1,000.
            ServerUnavailable: If there is no answer; so of all methods.
        """
        rows = len(user_ids)
        inputs = {
            "user_id": list(user_ids),
            "k": np.full(rows, k, np.int32),
            "category": [category] * rows,
            "exclude_seen": np.full(rows, exclude_seen),
        }
        return self._ask(Recommendations, "recommender", "recommend", inputs)

    def recommend_newcomer(
        self, bought_item_ids: Sequence[Sequence[str]], k: int = 10, category: str = ""
    ) -> NewcomerRecommendations:
        """Items for each of B people whom the model was not trained on, from what they bought.

        Raises:
            RequestRefused: As of `recommend`, or if the model does not serve newcomers.
        """
        rows = len(bought_item_ids)
        longest = max((len(row) for row in bought_item_ids), default=0)
        inputs = {
            "bought_item_id": [[*row, *[""] * (longest - len(row))] for row in bought_item_ids],
            "k": np.full(rows, k, np.int32),
            "category": [category] * rows,
        }
        return self._ask(NewcomerRecommendations, "recommender", "recommend_newcomer", inputs)

    def score(self, user_ids: Sequence[str], item_ids: Sequence[str]) -> Scores:
        """Scores of B pairs."""
        inputs = {"user_id": list(user_ids), "item_id": list(item_ids)}
        return self._ask(Scores, "recommender", "score", inputs)

    def embed(self, pictures: Sequence[bytes]) -> np.ndarray:
        """Styles of B JPEG or PNG files, (B, K) float.

        Raises:
            RequestRefused: If one of them is broken: which. So wherever pictures are sent.
        """
        inputs = {"image_bytes": list(pictures)}
        names = ("embedding",)
        return self.transport.predict("recommender", "embed", inputs, names)["embedding"]

    def score_picture(self, user_ids: Sequence[str], pictures: Sequence[bytes]) -> PictureScores:
        """Scores of B pairs of a user and a JPEG or PNG file."""
        inputs = {"user_id": list(user_ids), "image_bytes": list(pictures)}
        return self._ask(PictureScores, "recommender", "score_picture", inputs)

    def similar(self, pictures: Sequence[bytes], k: int = 10) -> SimilarItems:
        """The k items that are most like each of B JPEG or PNG files."""
        inputs = {"image_bytes": list(pictures), "k": np.full(len(pictures), k, np.int32)}
        return self._ask(SimilarItems, "recommender", "similar", inputs)

    def generate(self, category: str, count: int = 3, seed: int = 0) -> Drawings:
        """Garments for nobody in particular.

        Raises:
            RequestRefused: If the category is unknown or a number out of range. So of the others.
        """
        inputs = {"category": category, "count": int(count), "seed": int(seed)}
        return self._ask(Drawings, "designer", "generate", inputs)

    def design(
        self,
        user_ids: Sequence[str],
        category: str,
        count: int = 3,
        eta: float = 1.0,
        steps: int = 6,
        seed: int = 0,
    ) -> Designs:
        """Garments of a category for a user, or for a group.

        Raises:
            RequestRefused: Also if a user is unknown.
        """
        inputs = {
            "user_id": list(user_ids),
            "category": category,
            "count": int(count),
            "eta": float(eta),
            "steps": int(steps),
            "seed": int(seed),
        }
        return self._ask(Designs, "designer", "design", inputs)

    def redesign(
        self,
        picture: bytes,
        user_ids: Sequence[str],
        category: str,
        frames: int = 6,
        eta: float = 1.0,
        proximity: float = 3.0,
    ) -> Strip:
        """Pictures from a garment, a JPEG or PNG file, to what a user or a group would love."""
        inputs = {
            "image_bytes": picture,
            "user_id": list(user_ids),
            "category": category,
            "frames": int(frames),
            "eta": float(eta),
            "proximity": float(proximity),
        }
        return self._ask(Strip, "designer", "redesign", inputs)

    def _ask(self, kind: type, model: str, signature: str, inputs: dict[str, Any]) -> Any:
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
        # Imports TensorFlow, which those who speak REST need not have.
        from keras_fashion.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport(address, timeout, retries, version)
    raise ValueError(
        f"{address!r} is no address: give http://host:8501, grpc://host:8500 or mlflow://host:5001"
    )
