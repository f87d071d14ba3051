"""Latents by name: a file, one row of a file, or a seed."""

from pathlib import Path

import numpy as np

from keras_fashion.errors import InputError


def latents_by_name(name: str, latent_dim: int) -> np.ndarray:
    """Returns the latents that a name stands for.

    Args:
        name: "FILE.npy" for all rows of a file (`read_latents`), "FILE.npy:2" for its second row,
            or a seed such as "7" for one random latent.
        latent_dim: Z, length of a latent.

    Returns:
        (n, Z) float32 in [-1, 1]; n is 1 for a row and for a seed.

    Raises:
        InputError: If there is no such file or row, or if the file does not contain such latents.

    Example:
        >>> np.save("latents.npy", random_latents(3, 4, seed=1))
        >>> latents_by_name("latents.npy", 4).shape, latents_by_name("latents.npy:2", 4).shape
        ((3, 4), (1, 4))
        >>> latents_by_name("7", 4).shape
        (1, 4)
    """
    if name.isdecimal():
        return random_latents(1, latent_dim, int(name))
    path, colon, row = name.rpartition(":")
    if not colon or not row.isdecimal():
        return read_latents(name, latent_dim)
    latents = read_latents(path, latent_dim)
    if not 1 <= int(row) <= len(latents):
        raise InputError(f"{path} has no row {row}; its rows are 1 to {len(latents)}.")
    return latents[int(row) - 1, None]


def latent_by_name(name: str, latent_dim: int) -> np.ndarray:
    """Returns the one latent that a name stands for.

    Args:
        name: See `latents_by_name`.
        latent_dim: Z, length of a latent.

    Returns:
        (Z,) float32 in [-1, 1].

    Raises:
        InputError: If the name stands for several latents, or as in `latents_by_name`.

    Example:
        >>> latent_by_name("7", 4).shape
        (4,)
    """
    latents = latents_by_name(name, latent_dim)
    if len(latents) > 1:
        raise InputError(f"{name} holds {len(latents)} latents; name one of them as {name}:1.")
    return latents[0]


def random_latents(count: int, latent_dim: int, seed: int) -> np.ndarray:
    """Draws latents from the prior U(-1, 1).

    Args:
        count: n, number of latents.
        latent_dim: Z, length of a latent.
        seed: Seed of the random numbers.

    Returns:
        (n, Z) float32.

    Example:
        >>> random_latents(2, 100, seed=0).shape
        (2, 100)
    """
    return np.random.default_rng(seed).uniform(-1, 1, (count, latent_dim)).astype(np.float32)


def read_latents(path: str | Path, latent_dim: int) -> np.ndarray:
    """Reads and checks an .npy file of latents.

    Latents outside [-1, 1], such as those of the procedure "dvbpr", are refused.

    Args:
        path: Path of the file.
        latent_dim: Z, length of a latent.

    Returns:
        (n, Z) float32 in [-1, 1], n >= 1.

    Raises:
        InputError: If it is no such file.

    Example:
        >>> np.save("latents.npy", np.zeros((3, 4), np.float32))
        >>> read_latents("latents.npy", latent_dim=4).shape
        (3, 4)
    """
    try:
        latents = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is no .npy file of latents ({error}).") from error
    if not isinstance(latents, np.ndarray):
        raise InputError(f"{path} is an archive of arrays; give an .npy file of latents.")
    if latents.ndim != 2 or latents.shape[1] != latent_dim or not len(latents):
        raise InputError(
            f"{path} holds an array of shape {latents.shape}; this generator takes those of shape "
            f"(n, {latent_dim})."
        )
    if latents.dtype != np.float32:
        raise InputError(f"{path} holds {latents.dtype}; latents are float32.")
    outside = ~(np.abs(latents) <= 1).all(axis=1)
    if outside.any():
        raise InputError(
            f"row {outside.argmax() + 1} of {path} is no latent: its values are not all from -1 "
            "to 1."
        )
    return latents
