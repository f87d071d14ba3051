"""Plots, picture sheets, tables and the HTML report."""

import lazy_loader

# Loaded on first use: not all of it needs TensorFlow.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "comparison_table": [
            "comparison_latex",
            "comparison_section",
            "comparison_text",
            "write_comparison",
        ],
        "html": ["Column", "Facts", "Picture", "Section", "Table", "Text", "write_report"],
        "picture_files": [
            "generate_pictures",
            "write_numbered_pictures",
            "write_pictures_by_category",
        ],
        "study": ["study_report"],
        "study_pictures": [
            "interpolation_sheet",
            "redesigns_sheet",
            "samples_sheet",
            "users_sheet",
        ],
    },
)
