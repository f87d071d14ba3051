"""The pictures of many items, fetched into a folder over one or several runs."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from keras_fashion.data.sources.web_pictures.download_limits import DownloadLimits
from keras_fashion.data.sources.web_pictures.download_run import DownloadRun
from keras_fashion.data.sources.web_pictures.picture_download import DownloadFailed, decoded
from keras_fashion.data.sources.web_pictures.picture_folder import file_stem, find_pictures
from keras_fashion.data.sources.web_pictures.picture_manifest import Fetched, PictureManifest
from keras_fashion.errors import InputError


class PictureFetcher:
    """Fetches the pictures of items into a folder, several at the same time.

    Each picture is a file named after its item. The folder's `manifest.csv` records what became of
    each address. Pictures that exist are not fetched again, addresses that failed permanently (a
    dead link, content that is not a picture) are not requested again unless `retry_failed` is
    set, and those that failed temporarily are requested again in the next run.

    A host that answers 429 or 503 is left alone for as long as it asks. The host that counts is
    that of the item's address, whatever it redirects to.

    Args:
        folder: Folder of the pictures; made if it does not exist.
        allow_private: Whether to fetch from addresses that are not on the public internet.
        retry_failed: Whether to request addresses again that failed permanently.
        limits: Limits on what is asked of servers and accepted from them.

    Example:
        >>> import tempfile
        >>> fetcher = PictureFetcher(Path(tempfile.mkdtemp()))
        >>> fetcher.fetch({"0108": "https://10.0.0.1/0108.jpg"})
        Counter({'10.0.0.1 is at 10.0.0.1, which is not a public address': 1})
    """

    def __init__(
        self,
        folder: Path,
        *,
        allow_private: bool = False,
        retry_failed: bool = False,
        limits: DownloadLimits | None = None,
    ) -> None:
        self.folder = folder
        self.allow_private = allow_private
        self.retry_failed = retry_failed
        self.limits = limits or DownloadLimits()

    def fetch(self, addresses: Mapping[str, str]) -> Counter[str]:
        """Fetches the pictures that are missing. It may be interrupted and called again.

        Args:
            addresses: Address of the picture of each item.

        Returns:
            Number of these items that have a picture now ("ok"), and of those that do not, by
            reason.

        Raises:
            InputError: If the folder cannot be made, or its manifest is not a manifest.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.folder} cannot be made ({error.strerror}): give a folder for the pictures "
                "that can be written"
            ) from error
        with PictureManifest(self.folder) as manifest:
            if missing := self._missing(addresses, manifest):
                DownloadRun(self.folder, manifest, self.limits, self.allow_private).run(missing)
            rows = [manifest.rows.get(item) for item in addresses]
        return Counter((row.reason or row.outcome) if row else "not tried yet" for row in rows)

    def _missing(self, addresses: Mapping[str, str], manifest: PictureManifest) -> dict[str, str]:
        """Returns the addresses to request, and adds pictures that exist to the manifest."""
        paths = find_pictures(self.folder, {file_stem(item) for item in addresses})
        missing = {}
        for item, address in addresses.items():
            known = manifest.rows.get(item)
            if path := paths.get(file_stem(item)):
                size = path.stat().st_size
                fetched = known if known is not None and known.outcome == "ok" else None
                # A file that is smaller than it was when it was written may be damaged.
                if size and (fetched is None or size >= fetched.bytes or _is_whole(path)):
                    if fetched is None:
                        manifest.add(Fetched(item, address, "ok", "", size, 0))
                    continue
                path.unlink()
            elif (
                known is not None
                and (known.outcome, known.address) == ("failed", address)
                and not self.retry_failed
            ):
                continue
            missing[item] = address
        return missing


def _is_whole(path: Path) -> bool:
    try:
        decoded(path.read_bytes())
    except DownloadFailed:
        return False
    return True
