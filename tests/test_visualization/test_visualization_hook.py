# Copyright (c) mmacnn authors. All rights reserved.
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from mmpretrain.structures import DataSample

from mmacnn.registry import HOOKS
from mmacnn.visualization import RoIVisualizer


class Images:
    """A data set of images and true classes, as far as the hook asks."""

    def __init__(self, folder, labels: dict[str, int | None]):
        self.paths = [str(folder / name) for name in labels]
        self.labels = list(labels.values())
        for i, path in enumerate(self.paths):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(path, np.full((12, 16, 3), 40 * i, dtype=np.uint8))

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index: int) -> dict:
        return dict(img_path=self.paths[index])

    def predictions(self) -> list[DataSample]:
        """Class 0 for every image."""
        samples = []
        for path, label in zip(self.paths, self.labels, strict=True):
            sample = DataSample(metainfo=dict(img_path=path)).set_pred_label(0)
            samples.append(sample if label is None else sample.set_gt_label(label))
        return samples


def run(hook_cfg: dict, images: Images, batch_size: int = 2, **visualizer) -> None:
    runner = SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=images),
        visualizer=RoIVisualizer(**visualizer),
    )
    hook = HOOKS.build(dict(type='mmacnn.RoIVisualizationHook', **hook_cfg))
    hook.before_test(runner)
    samples = images.predictions()
    for i in range(0, len(samples), batch_size):
        hook.after_test_iter(runner, i, {}, samples[i : i + batch_size])


def files(folder) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob('*')
        if path.is_file()
    )


def test_mistakes_lie_together(tmp_path):
    images = Images(
        tmp_path / 'in', {'a.png': 0, 'b.png': 1, 'c.png': 0, 'd.png': None}
    )
    out_dir = tmp_path / 'out'

    run(dict(enable=True, out_dir=str(out_dir)), images)

    assert files(out_dir) == ['correct/a.jpg', 'correct/c.jpg', 'd.jpg', 'wrong/b.jpg']


def test_images_of_one_name_keep_their_folders(tmp_path):
    images = Images(tmp_path / 'in', {'left/1.png': 0, 'right/1.png': 0})
    out_dir = tmp_path / 'out'

    run(dict(enable=True, out_dir=str(out_dir)), images)

    assert files(out_dir) == ['correct/left/1.jpg', 'correct/right/1.jpg']


def test_the_photograph_has_its_own_colours(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0})
    cv2.imwrite(images.paths[0], np.full((60, 80, 3), (200, 60, 20), dtype=np.uint8))

    run(dict(enable=True, out_dir=str(tmp_path / 'out')), images)

    picture = cv2.imread(str(tmp_path / 'out' / 'correct' / 'a.jpg'))
    assert np.abs(picture[300, 400].astype(int) - (200, 60, 20)).max() <= 4


def test_every_third_image(tmp_path):
    images = Images(tmp_path / 'in', {f'{i}.png': 0 for i in range(7)})

    run(dict(enable=True, out_dir=str(tmp_path / 'out'), interval=3), images)

    assert files(tmp_path / 'out') == [f'correct/{i}.jpg' for i in (0, 3, 6)]


def test_without_folder_the_backends_get_the_pictures(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0, 'b.png': 0})

    run(
        dict(enable=True),
        images,
        vis_backends=[dict(type='LocalVisBackend')],
        save_dir=str(tmp_path / 'log'),
    )

    names = [name.rpartition('/')[2] for name in files(tmp_path / 'log')]
    assert names == ['a.png_0.png', 'b.png_1.png']


def test_nothing_is_drawn_unasked(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0})

    run(dict(out_dir=str(tmp_path / 'out')), images)

    assert not (tmp_path / 'out').exists()


def test_pictures_of_another_run_stay(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0})
    config = dict(enable=True, out_dir=str(tmp_path / 'out'))
    run(config, images)

    with pytest.raises(FileExistsError, match='expected a new or empty folder'):
        run(config, images)


def test_interval_below_one_is_refused():
    with pytest.raises(ValueError, match='interval must be at least 1 image, got 0'):
        HOOKS.build(dict(type='mmacnn.RoIVisualizationHook', interval=0))


def test_images_look_as_the_pipeline_reads_them(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0})
    pixels = np.full((60, 80), 4000, np.uint16)  # of a 12-bit camera
    cv2.imwrite(images.paths[0], pixels)
    images.pipeline = Compose([dict(type='mmacnn.LoadAnyDepthImage', depth=12)])

    run(dict(enable=True, out_dir=str(tmp_path / 'out')), images)

    picture = cv2.imread(str(tmp_path / 'out/correct/a.jpg'))
    assert (picture > 230).all(-1).sum() > 60 * 80 / 2


def test_regions_of_one_image_have_a_picture_each(tmp_path):
    images = Images(tmp_path / 'in', {'a.png': 0, './a.png': 1})
    predict = images.predictions

    def predictions():
        samples = predict()
        for number, sample in enumerate(samples, start=1):
            sample.set_metainfo(dict(instance_id=number))
        return samples

    images.predictions = predictions
    run(dict(enable=True, out_dir=str(tmp_path / 'out')), images)
    assert files(tmp_path / 'out') == ['correct/a_1.jpg', 'wrong/a_2.jpg']
