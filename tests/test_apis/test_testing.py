# Copyright (c) mmacnn authors. All rights reserved.
import pickle

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.utils import digit_version

from mmacnn import apis


@pytest.fixture
def checkpoint(tiny_config, tmp_path):
    torch.manual_seed(0)
    init_default_scope('mmpretrain')
    model = MODELS.build(Config.fromfile(tiny_config).model)
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    return tmp_path / 'weights.pth'


def run(config, checkpoint, tmp_path, **arguments):
    return apis.test(
        str(config), str(checkpoint), work_dir=str(tmp_path / 'run'), **arguments
    )


def test_metrics_and_pickled_predictions(tiny_config, checkpoint, tmp_path):
    out = tmp_path / 'new' / 'results.pkl'
    metrics = run(tiny_config, checkpoint, tmp_path, out=str(out))
    results = pickle.loads(out.read_bytes())
    assert results['metrics'] == metrics
    assert len(results['predictions']) == 8
    prediction = results['predictions'][0]
    assert prediction['img_path'].endswith('dark/0.png')
    assert prediction['gt_label'] == [0]
    assert sum(prediction['pred_score']) == pytest.approx(1)
    assert [path.name for path in out.parent.iterdir()] == ['results.pkl']


def test_out_of_unknown_format(tiny_config, checkpoint, tmp_path):
    with pytest.raises(
        ValueError, match='results.txt: expected a name ending in .json'
    ):
        run(tiny_config, checkpoint, tmp_path, out='results.txt')


def test_results_that_are_there_stay(tiny_config, checkpoint, tmp_path):
    out = tmp_path / 'results.json'
    out.write_text('older')
    with pytest.raises(FileExistsError, match='results.json exists, name a new file'):
        run(tiny_config, checkpoint, tmp_path, out=str(out))
    assert out.read_text() == 'older'


def test_missing_checkpoint(tiny_config, tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pth: no such checkpoint'):
        run(tiny_config, 'absent.pth', tmp_path)


@pytest.mark.skipif(
    digit_version(torch.__version__) < digit_version('2.6'),
    reason='torch.load unpickles everything by default before 2.6',
)
def test_checkpoint_with_code(tiny_config, tmp_path):
    torch.save({'state_dict': pytest}, tmp_path / 'code.pth', pickle_module=Modules)
    with pytest.raises(ValueError, match='code.pth: not a readable checkpoint'):
        run(tiny_config, tmp_path / 'code.pth', tmp_path)


class Modules:
    """A pickle module for what plain pickle refuses: a module, by its import."""

    class Pickler(pickle._Pickler):
        def reducer_override(self, obj):
            if obj is pytest:
                return __import__, ('pytest',)
            return NotImplemented


def test_checkpoint_of_another_kind(tiny_config, tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(ValueError, match='list.pth: expected a dict .* found list'):
        run(tiny_config, tmp_path / 'list.pth', tmp_path)


def test_checkpoint_of_another_model(tiny_config, checkpoint, tmp_path):
    weights = torch.load(checkpoint)
    weights.pop('head.fc.bias')
    torch.save(weights, tmp_path / 'headless.pth')
    with pytest.raises(ValueError, match=r"ImageClassifier: 1 .*'head.fc.bias'"):
        run(tiny_config, tmp_path / 'headless.pth', tmp_path)
    options = {'model.head.num_classes': 3}
    with pytest.raises(ValueError, match='weights.pth: .*size mismatch for head.fc'):
        run(tiny_config, checkpoint, tmp_path, cfg_options=options)


def test_head_for_another_number_of_classes(tiny_config, checkpoint, tmp_path):
    weights = torch.load(checkpoint)
    for name in ('head.fc.weight', 'head.fc.bias'):
        weights[name] = weights[name].repeat_interleave(2, dim=0)
    torch.save(weights, tmp_path / 'four.pth')
    with pytest.raises(ValueError, match='tiny.py: .* is 4, expected 2'):
        run(
            tiny_config,
            tmp_path / 'four.pth',
            tmp_path,
            cfg_options={'model.head.num_classes': 4},
        )


def test_show_dir_needs_a_hook_that_draws(tiny_config, checkpoint, tmp_path):
    with pytest.raises(ValueError, match='tiny.py: --show-dir needs a hook'):
        run(tiny_config, checkpoint, tmp_path, show_dir=str(tmp_path / 'show'))
