"""Latents as a user names them: a file, one row of it, or a seed."""

from pathlib import Path

import numpy as np

from keras_fashion.errors import InputError


def latents_by_name(name: str, latent_dim: int) -> np.ndarray:
    """Latents by name.

    Args:
        name: "FILE.npy", as `keras-fashion design` leaves it beside its pictures, but for its
            procedure dvbpr, whose latents leave [-1, 1]; "FILE.npy:2" for the second row of it,
            which is the latent of design_2.png; or a seed, "7".
        latent_dim: Z of the generator that is to draw them.

    Returns:
        (n, Z) float32 in [-1, 1]; one where the name says which.

    Raises:
        InputError: If there is no such file or row, or if it does not hold such latents.
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
    """(Z,) float32, the one latent of a name; InputError also for a file of several."""
    latents = latents_by_name(name, latent_dim)
    if len(latents) > 1:
        raise InputError(f"{name} holds {len(latents)} latents; name one of them as {name}:1.")
    return latents[0]


def random_latents(count: int, latent_dim: int, seed: int) -> np.ndarray:
    """(count, latent_dim) float32 latents from the prior U(-1, 1)."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, latent_dim)).astype(np.float32)


def read_latents(path: str | Path, latent_dim: int) -> np.ndarray:
    """Reads an .npy file of latents, checked.

    Args:
        path: The file.
        latent_dim: Z of the generator that is to draw them.

    Returns:
        (n, Z) float32 in [-1, 1], n >= 1.

    Raises:
        InputError: If it is no such file.
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
    wrong = ~(np.abs(latents) <= 1).all(axis=1)
    if wrong.any():
        raise InputError(
            f"row {wrong.argmax() + 1} of {path} is no latent: its values are not all from -1 to 1."
        )
    return latents
