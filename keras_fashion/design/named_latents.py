"""Codes as a user names them: a file, one row of it, or a seed."""

from pathlib import Path

import numpy as np

from keras_fashion.errors import InputError


def named_codes(name: str, code_size: int) -> np.ndarray:
    """Codes by name.

    Args:
        name: "FILE.npy", as `keras-fashion design` leaves it beside its pictures, but for its
            procedure dvbpr, whose codes leave [-1, 1]; "FILE.npy:2" for the second row of it, which
            is the code of design_2.png; or a seed, "7".
        code_size: Z of the generator that is to draw them.

    Returns:
        (n, Z) float32 in [-1, 1]; one where the name says which.

    Raises:
        InputError: If there is no such file or row, or if it does not hold such codes.
    """
    if name.isdecimal():
        return random_codes(1, code_size, int(name))
    path, colon, row = name.rpartition(":")
    if not colon or not row.isdecimal():
        return read_codes(name, code_size)
    codes = read_codes(path, code_size)
    if not 1 <= int(row) <= len(codes):
        raise InputError(f"{path} has no row {row}; its rows are 1 to {len(codes)}.")
    return codes[int(row) - 1, None]


def named_code(name: str, code_size: int) -> np.ndarray:
    """(Z,) float32, the one code of a name; InputError also for a file of several."""
    codes = named_codes(name, code_size)
    if len(codes) > 1:
        raise InputError(f"{name} holds {len(codes)} codes; name one of them as {name}:1.")
    return codes[0]


def random_codes(count: int, code_size: int, seed: int) -> np.ndarray:
    """(count, code_size) float32 codes from the prior U(-1, 1)."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, code_size)).astype(np.float32)


def read_codes(path: str | Path, code_size: int) -> np.ndarray:
    """Reads an .npy file of codes, checked.

    Args:
        path: The file.
        code_size: Z of the generator that is to draw them.

    Returns:
        (n, Z) float32 in [-1, 1], n >= 1.

    Raises:
        InputError: If it is no such file.
    """
    try:
        codes = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is no .npy file of codes ({error}).") from error
    if not isinstance(codes, np.ndarray):
        raise InputError(f"{path} is an archive of arrays; give an .npy file of codes.")
    if codes.ndim != 2 or codes.shape[1] != code_size or not len(codes):
        raise InputError(
            f"{path} holds an array of shape {codes.shape}; this generator takes codes of shape "
            f"(n, {code_size})."
        )
    if codes.dtype != np.float32:
        raise InputError(f"{path} holds {codes.dtype}; codes are float32.")
    wrong = ~(np.abs(codes) <= 1).all(axis=1)
    if wrong.any():
        raise InputError(
            f"row {wrong.argmax() + 1} of {path} is no code: its values are not all from -1 to 1."
        )
    return codes
