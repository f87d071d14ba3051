"""DVBPR: item embeddings are learned from the pixels, together with the users' preferences."""

from typing import Annotated, Any, Literal

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import Self

from keras_fashion.data.catalogue import Catalogue
from keras_fashion.data.pipelines import picture_batches
from keras_fashion.data.split import Split
from keras_fashion.distribution.global_batch import gather_rows, mean_of_replicas, num_replicas
from keras_fashion.errors import InputError
from keras_fashion.models.attribute_heads import AttributeHeads
from keras_fashion.models.encoders import CNNF, CompactEncoder, ImageEncoder
from keras_fashion.models.fit_settings import (
    FitSettings,
    Minimum,
    SearchChoices,
    SearchRange,
)
from keras_fashion.models.pretrained_encoder import PretrainedEncoder
from keras_fashion.models.purchase_histories import checked_recency, mean_of_rows
from keras_fashion.models.recent_popularity import log_recent_popularity
from keras_fashion.models.recommender import squared_norm
from keras_fashion.models.scored_batch import ScoredBatch
from keras_fashion.models.time_terms import TimeTerm, TimeTerms
from keras_fashion.models.visual_recommender import TIME_REGULARIZATION, VisualRecommender

MOMENTUM = 0.95
"""Momentum of the moving mean of the embeddings: it forgets the encoder of some 20 steps ago."""


@keras.saving.register_keras_serializable(package="keras_fashion")
class DVBPR(VisualRecommender):
    """x_ui = θ_u · Φ(X_i) (Kang, Fang, Wang and McAuley, ICDM 2017, equation 3).

    Φ is a CNN over the picture of the item; its passes over positives and negatives share their
    weights (siamese). The objective is that of the original, divided by the batch size B:
    mean of -ln σ(x_ui - x_uj) + λ_θ / B · Σ over the batch of ½|θ_u|² + λ_Φ / B · ½ Σ |W|² over the
    kernels of the CNN, without biases.

    The talk's formula has β_i + γ_u · γ_i as well (`bias` and `latent_size`), which the paper and
    its code leave out.

    With `with_history`, embedding all purchases of a user at each step would cost more than the
    step: the model remembers each item's embedding from when it last saw it, and a moving mean of
    all embeddings; no gradient flows there.

    A `PretrainedEncoder` may be given the averages of its frozen network, (B, F), wherever other
    encoders are given pictures.

    With `attribute_heads`, Φ also learns to tell the category and the attributes of the items of a
    batch: λ_a times the cross-entropy of the heads is added to the objective. Scores do not use the
    heads, so that an item needs no attributes.

    Args:
        num_users: U, number of users.
        num_items: I, number of items.
        encoder: Φ, maps (B, H, W, 3) pictures in [-1, 1] to (B, K).
        latent_size: Length of γ; 0 leaves the latent term out.
        bias: Whether items have a bias.
        with_history: Whether users are made from what they bought (`VisualRecommender`).
        regularization: λ_θ, on all rows of users and items; 1 in the original.
        encoder_regularization: λ_Φ; 1e-3 in the original.
        seed: Seed of the initial weights but those of the encoder; by default a random one.
        recency: τ, see `VisualRecommender`.
        time_terms: What all users like at a time, see `VisualRecommender`.
        time_regularization: λ_t.
        popularity: Weight of the popularity of late, see `VisualRecommender`.
        attribute_heads: Heads by which Φ learns attributes; None if it learns none.
        attribute_weight: λ_a.

    Example:
        >>> import numpy as np
        >>> from keras_fashion.data import picture_batches
        >>> from keras_fashion.models import DVBPR, CompactEncoder
        >>> encoder = CompactEncoder(embedding_size=4, picture_size=(16, 16), width=2)
        >>> model = DVBPR(num_users=2, num_items=3, encoder=encoder)
        >>> pictures = picture_batches(np.zeros((3, 16, 16, 3), np.uint8))
        >>> model.scoring_vectors(pictures).items.shape
        (3, 4)
    """

    fit_settings = FitSettings(epochs=16, batch_size=32, learning_rate=2e-3, patience=4)

    def __init__(
        self,
        num_users: int,
        num_items: int,
        encoder: ImageEncoder,
        latent_size: int = 0,
        bias: bool = False,
        with_history: bool = False,
        regularization: float = 1.0,
        encoder_regularization: float = 1e-3,
        seed: int | None = None,
        recency: int = 0,
        time_terms: TimeTerms | None = None,
        time_regularization: float = TIME_REGULARIZATION,
        popularity: float = 0.0,
        attribute_heads: AttributeHeads | None = None,
        attribute_weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            num_users,
            num_items,
            encoder.embedding_size,
            latent_size,
            bias,
            with_history,
            regularization,
            initializer=keras.initializers.RandomUniform(
                0.0, 0.01, keras.random.SeedGenerator(seed)
            ),
            # Another stream than that of θ.
            seed=None if seed is None else seed + 1,
            recency=recency,
            time_terms=time_terms,
            time_regularization=time_regularization,
            popularity=popularity,
            **kwargs,
        )
        self.encoder = encoder
        self.encoder_regularization = encoder_regularization
        self.attribute_heads = attribute_heads
        self.attribute_weight = attribute_weight
        if with_history:
            self.item_embeddings = self.add_weight(
                name="item_embeddings",
                shape=(num_items, encoder.embedding_size),
                initializer="zeros",
                trainable=False,
            )
            self.embedding_mean = self.add_weight(
                name="embedding_mean",
                shape=(encoder.embedding_size,),
                initializer="zeros",
                trainable=False,
            )
        if not encoder.built:
            encoder.build((None, *encoder.picture_size, 3))
        self.built = True

    @classmethod
    def from_catalogue(
        cls,
        catalogue: Catalogue,
        split: Split,
        *,
        encoder: Literal["compact", "cnnf", "efficientnet-lite0"] = "compact",
        picture_size: Annotated[int, Minimum(16)] = 32,
        embedding_size: Annotated[int, Minimum(1), SearchRange(8, 128)] = 50,
        hidden_size: Annotated[int, Minimum(0), SearchChoices((0, 512))] = 0,
        latent_size: Annotated[int, Minimum(0)] = 0,
        bias: bool = False,
        history: Annotated[int, Minimum(0), SearchChoices((0, 16, 64))] = 0,
        recency: Annotated[int, Minimum(0)] = 0,
        time_terms: tuple[TimeTerm, ...] = (),
        time_regularization: float = TIME_REGULARIZATION,
        popularity: float = 0.0,
        regularization: Annotated[float, SearchRange(1e-2, 10.0)] = 1.0,
        encoder_regularization: Annotated[float, SearchRange(1e-5, 0.1)] = 1e-3,
        attribute_weight: Annotated[float, SearchChoices((0.0, 0.3, 1.0, 3.0))] = 0.0,
        withhold_attributes: bool = False,
        seed: int = 0,
    ) -> Self:
        """Creates the model with an encoder for the pictures of a catalogue.

        Args:
            catalogue: Catalogue with the categories; pictures are given in training.
            split: Split with the numbers of users and items.
            encoder: compact; cnnf, the encoder of the paper for pictures of 224 pixels; or
                efficientnet-lite0, a head on a frozen network that was trained on ImageNet, for
                pictures of 96 pixels or more.
            picture_size: Height and width in pixels into which pictures are fitted.
            embedding_size: K, length of Φ(X); 100 in the original.
            hidden_size: Number of units of a hidden layer beside the last, linear layer of the
                encoder, which cnnf does not have; 0 for none.
            latent_size: Length of γ; 0 leaves the latent term out.
            bias: Whether items have a bias.
            history: Maximum number of items that a user bought from which their vector is made in a
                step; with 0 users have only a vector of their own.
            recency: Number of days after which an item of the history counts 1 / e; with 0 all
                count the same. It needs a split in time.
            time_terms: What all users like at a time: trend, season and category (a bias of each
                category by month). They need a split in time.
            time_regularization: λ of the time terms.
            popularity: Weight of the logarithm of how often an item was bought of late, which is
                added to the scores after training. It needs a split in time.
            regularization: λ of θ, as in the original.
            encoder_regularization: λ of the CNN, as in the original.
            attribute_weight: Weight of telling the category and the attributes of items from their
                embeddings, which is learned beside the preferences; with 0 it is not.
            withhold_attributes: Whether the attributes of held-out items are not learned, as if the
                shop had not described them yet.
            seed: Seed of the initial weights.

        Raises:
            InputError: If the pictures are too small for the encoder, the weights of a pretrained
                network are not installed, there are no attributes to be learned, or an option needs
                another one, or times that the split does not have.
        """
        heads = None
        if withhold_attributes and not attribute_weight:
            raise InputError(
                "`withhold_attributes` leaves out a part of what is learned by an "
                "`attribute_weight`, which is 0; set it as well."
            )
        if attribute_weight:
            held_out = np.concatenate([split.validation, split.test])[:, 1]
            withheld = held_out if withhold_attributes else None
            # Another stream than those of θ, γ and Φ.
            heads = AttributeHeads.from_catalogue(embedding_size, catalogue, withheld, seed + 3)
        model = cls(
            split.num_users,
            split.num_items,
            # Another stream than those of θ and γ.
            _make_encoder(encoder, embedding_size, hidden_size, picture_size, seed + 2),
            latent_size=latent_size,
            bias=bias,
            with_history=history > 0,
            recency=checked_recency(recency, history, split),
            time_terms=TimeTerms.from_catalogue(embedding_size, time_terms, catalogue, split),
            time_regularization=time_regularization,
            popularity=popularity,
            regularization=regularization,
            encoder_regularization=encoder_regularization,
            attribute_heads=heads,
            attribute_weight=attribute_weight,
            seed=seed,
        )
        if popularity:
            model.log_popularity.assign(log_recent_popularity(split))
        if isinstance(model.encoder, PretrainedEncoder):
            # Here, because the frozen features are themselves made with models.
            from keras_fashion.features.averages import picture_averages

            averages = picture_averages(catalogue, model.encoder)
            model.encoder.adapt(averages)
            if history:
                model.remember(model.item_vectors(picture_batches(averages))[:, latent_size:])
        return model

    def remember(self, embeddings: np.ndarray) -> None:
        """Sets the embeddings that a model with history remembers of the items.

        Without it the items that a training has not seen yet count as 0 in the histories, which is
        right for an encoder that starts at random.

        Args:
            embeddings: (I, K) float32, Φ of all items.
        """
        self.item_embeddings.assign(embeddings)
        self.embedding_mean.assign(embeddings.mean(axis=0))

    def item_embedding(
        self, item: tf.Tensor, picture: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """Returns Φ(X_i); the number of the item only says whose embedding to remember."""
        embedding = self.encoder(picture, training=training)
        if self.with_history and training:
            # A replica has a table of its own, which must remember what the others see, too.
            rows = tf.IndexedSlices(gather_rows(embedding), gather_rows(item))
            self.item_embeddings.value.scatter_update(rows)
            seen = mean_of_replicas(tf.reduce_mean(embedding, axis=0))
            self.embedding_mean.assign(MOMENTUM * self.embedding_mean + (1 - MOMENTUM) * seen)
        return embedding

    def history_mean(self, history: tf.Tensor, weights: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the mean of the embeddings as last seen, minus the moving mean."""
        mean = mean_of_rows(self.item_embeddings.value, history, weights)
        centered = mean - self.embedding_mean
        return tf.where(tf.reduce_any(history >= 0, axis=1, keepdims=True), centered, 0.0)

    def regularizer(self, user: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
        """Returns λ_θ on the batch's rows and λ_Φ on the kernels, per positive."""
        kernels = [v for v in self.encoder.trainable_variables if v.name == "kernel"]
        weights = self.encoder_regularization * squared_norm(*kernels)
        rows = super().regularizer(user, positive, negative)
        return rows + weights / tf.cast(num_replicas() * tf.size(user), tf.float32)

    def objective(self, batch: dict[str, tf.Tensor], scored: ScoredBatch) -> tf.Tensor:
        """Adds λ_a times the cross-entropy of the attributes to the base's objective."""
        objective = super().objective(batch, scored)
        if self.attribute_heads is None:
            return objective
        embedding = scored.vectors[:, self.latent_size :]
        return objective + self.attribute_weight * self.attribute_heads.loss(
            embedding, scored.items
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments; the seed only decides the initial weights."""
        return super().get_config() | {
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "encoder_regularization": self.encoder_regularization,
            "attribute_heads": keras.saving.serialize_keras_object(self.attribute_heads),
            "attribute_weight": self.attribute_weight,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Creates a model of the same shape, untrained."""
        encoder = keras.saving.deserialize_keras_object(config["encoder"])
        heads = keras.saving.deserialize_keras_object(config.get("attribute_heads"))
        return super().from_config(config | {"encoder": encoder, "attribute_heads": heads})


def _make_encoder(
    name: str, embedding_size: int, hidden_size: int, side: int, seed: int
) -> ImageEncoder:
    size = (side, side)
    if name == "compact":
        return CompactEncoder(embedding_size, size, hidden_size=hidden_size, seed=seed)
    if name != "cnnf":
        return PretrainedEncoder.from_backbone(name, size, embedding_size, hidden_size, seed=seed)
    if side < 128:
        raise InputError(
            f"`encoder` cnnf is made for a `picture_size` of 224 and needs 128 or more, not "
            f"{side}; the original trained it with a `learning_rate` of 1e-4."
        )
    if hidden_size:
        raise InputError("`encoder` cnnf has hidden layers of its own; use a `hidden_size` of 0.")
    return CNNF(embedding_size, size, seed=seed)
