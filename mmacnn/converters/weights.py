# Copyright (c) mmacnn authors. All rights reserved.
def plain_weights(checkpoint: dict) -> dict:
    """The weights in a checkpoint, or themselves, without names of a wrapper."""
    for wrapper in ('state_dict', 'model'):
        if isinstance(checkpoint.get(wrapper), dict):
            checkpoint = checkpoint[wrapper]
    return {name.removeprefix('module.'): w for name, w in checkpoint.items()}
