"""WARP: matrix factorisation that minds the top of the list."""

import keras
import tensorflow as tf

from keras_fashion.models.bprmf import BPRMF
from keras_fashion.models.ranking_losses import warp_loss


@keras.saving.register_keras_serializable(package="keras_fashion")
class WARP(BPRMF):
    """BPR-MF's formula x_ui = beta_i + gamma_u . gamma_i under the WARP loss (`warp_loss`).

    Weston et al., "WSABIE: Scaling Up To Large Vocabulary Image Annotation", IJCAI 2011. An
    interaction of a user whose positive stands low weighs more, and only negatives that violate
    the margin teach anything.

    The paper draws negatives for one positive until one violates. Here the negatives that a batch
    shares are the draws of all its positives, in their order: each user still sees items drawn
    uniformly from those he did not buy, and what a batch lacks is only that two users' draws
    differ. Give `triplets` shared negatives; one negative a positive is one draw.

    Args:
        user_count: U.
        item_count: I.
        latent_size: Length of gamma.
        regularisation: lambda.
    """

    def ranking_loss(
        self, positive: tf.Tensor, negative: tf.Tensor, counted: tf.Tensor
    ) -> tf.Tensor:
        """The WARP loss, ranks being estimated among all items."""
        return warp_loss(positive, negative, counted, self.item_count)
