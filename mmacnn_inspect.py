# Copyright (c) mmacnn authors. All rights reserved.
"""``mmacnn-inspect MODEL_FOLDER IMAGES``: the runner, without the training stack."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# What a wheel carries; what a checkout has.
PLACES = (ROOT / 'mmacnn' / '.mim' / 'runner', ROOT / 'runner')


def main() -> int:
    """Run ``runner/run.py`` with the arguments of the process.

    Returns:
        Exit status: 0, 1 if an image has no result, 2 if it could not run.
    """
    folder = next(place for place in PLACES if (place / 'line' / 'names.py').is_file())
    sys.path.insert(0, str(folder))
    try:
        from run import main as run
    except ModuleNotFoundError as error:
        sys.exit(f'error: {error.name} is missing: pip install "mmacnn[inspect]"')
    return run()


if __name__ == '__main__':
    sys.exit(main())
