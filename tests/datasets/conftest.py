"""Makes the servers and writers of test data in this folder importable by its tests."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # pytest's importlib mode leaves it out
