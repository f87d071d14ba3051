"""The networks of preference maximization called one by one, the resizing by Pillow."""

import numpy as np
from PIL import Image


def bare(recommender, gan, latents, category):
    """Returns embeddings, realism and pictures in levels of uint8, of latents of one category."""
    latents = np.asarray(latents, np.float32)
    latents = latents.reshape(-1, latents.shape[-1])
    category = np.full(len(latents), category)
    pictures = gan.ema_generator([latents, category]).numpy()
    realism = gan.discriminator([pictures, category]).numpy()[:, 0]
    size = recommender.encoder.picture_size
    seen = [
        [
            np.asarray(Image.fromarray(channel, "F").resize(size[::-1], Image.BILINEAR))
            for channel in np.moveaxis(picture, -1, 0)
        ]
        for picture in pictures
    ]
    embeddings = recommender.encoder(np.moveaxis(seen, 1, -1)).numpy()
    return embeddings, realism, np.clip(np.round((pictures + 1) * 127.5), 0, 255)
