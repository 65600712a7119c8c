"""
Where the predecessor's schemas were. The archive's own rules have taken their place (see synarchive.schema), so there are
no files any more: what programs import is here, and empty.
"""
from __future__ import annotations

import glob
import os
from typing import Any, Dict

#: The folder of schemas of one's own, if there are any.
TEMPLATE_DIR: str = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")


def detect_configurations(dirname: str) -> Dict[str, str]:
    """The JSON files in the folders of a folder, by their names without what comes after a dot."""
    paths = sorted(glob.glob(os.path.join(glob.escape(dirname), "*", "*.json")))
    return {os.path.basename(path).split(".")[0]: path for path in paths}


template_paths: Dict[str, str] = detect_configurations(TEMPLATE_DIR)

SCHEMAS: Dict[str, Any] = {}
