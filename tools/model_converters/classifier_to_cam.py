# Copyright (c) mmacnn authors. All rights reserved.
"""Give a trained classifier of mmpretrain class activation maps, without training.

For classifiers that end in GlobalAveragePooling and LinearClsHead. Writes a config and
a checkpoint with the same scores.
"""

import argparse
from pathlib import Path

from mmacnn.utils import atomic_folder, check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the classifier')
    parser.add_argument('checkpoint', help='weights that were trained with it')
    parser.add_argument('out', help='new or empty folder for the config and checkpoint')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config, args.checkpoint], new_folders=[args.out])
    # Late: --help and mistakes need not wait for them.
    from mmengine.runner import save_checkpoint

    from mmacnn.converters import classifier_to_cam
    from mmacnn.engine.building import config_errors
    from mmacnn.engine.checkpoint import load_checkpoint
    from mmacnn.engine.config import load_config

    checkpoint = load_checkpoint(args.checkpoint)
    with config_errors(args.config, 'model'):
        config, weights = classifier_to_cam(
            load_config(args.config), checkpoint.get('state_dict', checkpoint)
        )
    name = f'{Path(args.config).stem}_cam'
    with atomic_folder(args.out) as folder:
        config.dump(folder / f'{name}.py')
        meta = dict(dataset_meta=checkpoint.get('meta', {}).get('dataset_meta', {}))
        content = dict(meta=meta, state_dict=weights)
        save_checkpoint(content, str(folder / f'{name}.pth'))
    print(f'{Path(args.out, name)}.py and .pth')


if __name__ == '__main__':
    run_tool(main)
