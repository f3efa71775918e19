# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
import torch
from PIL import Image

from mmacnn.apis import choose_anomaly_threshold, reported_images, train
from mmacnn.apis import test as run_test
from mmacnn.engine.hooks import anomaly_threshold as anomaly_threshold_hook

CONFIG = """
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
default_scope = 'mmpretrain'
model = dict(
    type='mmacnn.DifferNet',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor', mean=[90] * 3, std=[30] * 3),
    feature_extractor=dict(
        type='mmacnn.MultiScaleFeatures',
        backbone=dict(
            type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,))]),
        scales=(24, 16)),
    flow=dict(type='mmacnn.NormalizingFlow', in_channels=16, num_blocks=2,
              hidden_channels=16, normalize=True),
    views=dict(type='mmacnn.RotatedViews', num_train=2, num_test=2, degrees=0),
    saliency=dict(type='mmacnn.GradientMap', sigma=1.0, num_views=1))

def loader(subset):
    return dict(
        batch_size=4, num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=subset == 'train'),
        dataset=dict(
            type='mmacnn.AnomalyFolderDataset', data_root={data_root!r}, subset=subset,
            val_fraction=0.25, test_mode=subset != 'train',
            pipeline=[dict(type='mmacnn.LoadAnyDepthImage'),
                      dict(type='mmpretrain.PackInputs')]))

train_dataloader = loader('train')
val_dataloader = calibration_dataloader = loader('val')
test_dataloader = loader('test')
val_evaluator = test_evaluator = dict(type='mmacnn.AnomalyMetric')
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=2)
val_cfg = test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='Adam', lr=5e-3, betas=(0.8, 0.8)))
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
custom_hooks = [dict(type='mmacnn.AnomalyThresholdHook', max_fpr=0.2)]
randomness = dict(seed=3)
log_level = 'WARNING'
"""


@pytest.fixture
def root(tmp_path):
    """Twelve good images to learn from, two good and two defective ones to test on."""
    rng = np.random.default_rng(0)

    def save(path, defective=False):
        pixels = rng.normal(90, 10, (24, 24, 3))
        if defective:
            pixels[6:18, 6:18] = 250
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)

    root = tmp_path / 'data'
    for index in range(12):
        save(root / f'train/good/{index}.png')
    for index in range(2):
        save(root / f'test/good/{index}.png')
        save(root / f'test/hole/{index}.png', defective=True)
    return root


@pytest.fixture
def config(root, tmp_path):
    path = tmp_path / 'tiny.py'
    path.write_text(CONFIG.replace('{data_root!r}', repr(str(root))))
    return str(path)


def checkpoint(path):
    return torch.load(path, weights_only=False)['state_dict']


def test_every_checkpoint_has_the_threshold_of_its_weights(
    config, tmp_path, monkeypatch
):
    runner = train(config, work_dir=str(tmp_path / 'work'))
    states = [checkpoint(tmp_path / f'work/epoch_{n}.pth') for n in (1, 2, 3)]
    thresholds = {float(state['calibration.threshold']) for state in states}
    assert len(thresholds) == 3 and not any(map(np.isnan, thresholds))
    assert all(len(state['calibration.good_scores']) == 3 for state in states)
    model = runner.model.eval()
    for batch in runner.val_dataloader:
        inputs = model.data_preprocessor(batch)['inputs']
        scores = model(inputs).sort().values
    torch.testing.assert_close(scores.detach(), states[-1]['calibration.good_scores'])

    weights = str(tmp_path / 'work/epoch_3.pth')
    metrics = run_test(config, weights, work_dir=str(tmp_path / 'test'))
    assert metrics['anomaly/image_auroc'] == 100
    assert metrics['anomaly/fnr'] == 0
    lines = []
    monkeypatch.setattr(
        reported_images, 'print_log', lambda line, **_: lines.append(line)
    )
    check_choosing_again(config, weights, str(tmp_path / 'again.pth'))
    (line,) = lines  # of the first of three calls
    assert line.startswith('4 of the 4 images of test_dataloader, on which')


def check_choosing_again(config, weights, out):
    """Another rate on other images gives another threshold for the same weights."""
    before = checkpoint(weights)
    line = choose_anomaly_threshold(
        config, weights, out, 'test_dataloader', by='best_f1'
    )
    assert line.startswith(f'{out}: anomaly threshold') and 'best F1, 1.000' in line
    after = checkpoint(out)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed >= {'calibration.threshold', 'calibration.good_scores'}
    assert all(name.startswith('calibration.') for name in changed)
    with pytest.raises(FileExistsError, match='name a new file'):
        choose_anomaly_threshold(config, weights, out)
    with pytest.raises(ValueError, match="expected the key 'no_dataloader'"):
        choose_anomaly_threshold(config, weights, f'{out}2', 'no_dataloader')


def test_processes_count_no_image_twice(config, tmp_path, monkeypatch):
    """Three images for two processes: the second one measures the first one too."""

    def gathered(values):
        return [values[::2], values[1::2] + values[:1]] if values else [[], []]

    train(config, work_dir=str(tmp_path / 'one'))
    monkeypatch.setattr(anomaly_threshold_hook, 'all_gather_object', gathered)
    train(config, work_dir=str(tmp_path / 'two'))
    one, two = (checkpoint(tmp_path / name / 'epoch_3.pth') for name in ('one', 'two'))
    assert len(one['calibration.good_scores']) == 3
    assert all(one[name].equal(two[name]) for name in one)


def test_only_epochs_that_are_used_are_measured(config, tmp_path):
    options = {
        'default_hooks.checkpoint.interval': 3,
        'train_cfg.max_epochs': 4,
        'train_cfg.val_interval': 2,
    }
    lines = []
    original = anomaly_threshold_hook.choose_threshold
    try:
        anomaly_threshold_hook.choose_threshold = lambda *a, **k: (
            lines.append(original(*a, **k)) or lines[-1]
        )
        train(config, work_dir=str(tmp_path / 'work'), cfg_options=options)
    finally:
        anomaly_threshold_hook.choose_threshold = original
    assert len(lines) == 3  # after epochs 2, 3 and 4


def test_best_f1_on_labelled_images(config, tmp_path):
    hook = dict(
        type='mmacnn.AnomalyThresholdHook', dataloader='test_dataloader', by='best_f1'
    )
    options = {'custom_hooks': [hook]}
    train(config, work_dir=str(tmp_path / 'work'), cfg_options=options)
    state = checkpoint(tmp_path / 'work/epoch_3.pth')
    assert len(state['calibration.good_scores']) == 2


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(dataloader='missing'), ValueError, "expected the key 'missing'"),
        (dict(max_fpr=1.5), ValueError, 'max_fpr: found 1.5'),
        (dict(confidence=90), ValueError, 'confidence: found 90'),
        (dict(dataloader='train_dataloader'), ValueError, 'found 9 of 9 images'),
        (dict(by='luck'), ValueError, "by: found 'luck'"),
    ],
)
def test_mistakes_come_before_the_training(config, tmp_path, options, error, message):
    hook = dict(type='mmacnn.AnomalyThresholdHook') | options
    with pytest.raises(error, match=message):
        train(
            config,
            work_dir=str(tmp_path / 'work'),
            cfg_options={'custom_hooks': [hook]},
        )
    assert not list(tmp_path.glob('work/*.pth'))


def test_no_good_image_comes_before_the_training(config, root, tmp_path):
    for file in (root / 'test/good').iterdir():
        file.unlink()
    (root / 'test/good').rmdir()
    hook = dict(type='mmacnn.AnomalyThresholdHook', dataloader='test_dataloader')
    with pytest.raises(ValueError, match='good'):
        train(
            config,
            work_dir=str(tmp_path / 'work'),
            cfg_options={'custom_hooks': [hook]},
        )
    assert not list(tmp_path.glob('work/*.pth'))


LEARNED = """
model = dict(
    type='mmacnn.PatchCore',
    data_preprocessor=model['data_preprocessor'],
    feature_extractor=dict(
        type='mmacnn.FeatureMaps', backbone=model['feature_extractor']['backbone']),
    bank=dict(type='mmacnn.CoresetBank', size=200),
    sigma=0.0)
learned = loader('train')
learned['sampler']['shuffle'] = False
learned['dataset']['val_fraction'] = train_dataloader['dataset']['val_fraction'] = 0.0
train_cfg['max_epochs'] = 1
custom_hooks = [
    dict(type='mmacnn.MemoryBankHook'),
    dict(type='mmacnn.AnomalyThresholdHook', dataloader='learned', max_fpr=0.2)]
"""


def test_images_that_were_learned_are_scored_without_themselves(config, tmp_path):
    """A bank leaves an image out, so all good images are learned and calibrated on."""
    with open(config, 'a') as file:
        file.write(LEARNED)
    runner = train(config, work_dir=str(tmp_path / 'work'))
    model = runner.model.eval()
    scores = model.calibration.good_scores
    assert len(scores) == 12
    # Each image is in the bank itself, and is nearer to it than to the others.
    inputs = [
        model.data_preprocessor(batch)['inputs'] for batch in runner.train_dataloader
    ]
    own = model(torch.cat(inputs)).detach()
    assert len(own) == 12 and float(own.mean()) < 0.5 * float(scores.mean())
    line = choose_anomaly_threshold(
        config,
        str(tmp_path / 'work/epoch_1.pth'),
        str(tmp_path / 'again.pth'),
        'learned',
        confidence=0.9,
    )
    assert '12 good images cannot promise' in line and '45 can' in line
    again = checkpoint(tmp_path / 'again.pth')
    torch.testing.assert_close(again['calibration.good_scores'], scores)


def test_some_learned_images_are_refused(config, tmp_path):
    """Also where the model could leave each one out: the others tell another story."""
    with open(config, 'a') as file:
        file.write(LEARNED + "learned['dataset']['indices'] = 5\n")
    with pytest.raises(ValueError, match='5 of 5 images .* or all of them in the same'):
        train(config, work_dir=str(tmp_path / 'work'))
