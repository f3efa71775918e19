# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from mmacnn.registry import MODELS

from .detector import AnomalyDetector, check_finite
from .patch_distance import PatchDistance

BANK = dict(type='mmacnn.CoresetBank')


@MODELS.register_module()
class PatchCore(AnomalyDetector):
    """Local features of good images in a bank: what lies far from them is defective.

    Roth et al., *Towards Total Recall in Industrial Anomaly Detection*, CVPR 2022; with
    :class:`GaussianBank` it is PaDiM, Defard et al., ICPR 2020. There is nothing to
    minimise: one epoch collects features, and :class:`mmacnn.MemoryBankHook` has the
    bank learned at its end.

    Args:
        feature_extractor: Config of :class:`FeatureMaps`.
        bank: Config of :class:`CoresetBank`, the default, or :class:`GaussianBank`.
        weights: Of each map before they are joined; all 1 by default.
        sigma: Standard deviation of the Gaussian filter over the map, in pixels.
        regions: See :class:`AnomalyDetector`.
        data_preprocessor: Config.
        init_cfg: Config of the initialization.
    """

    def __init__(
        self,
        feature_extractor: dict,
        bank: dict | None = None,
        weights: Sequence[float] | None = None,
        sigma: float = 4.0,
        regions: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        core = PatchDistance(
            MODELS.build(feature_extractor), MODELS.build(bank or BANK), weights, sigma
        )
        super().__init__(core, regions, data_preprocessor, init_cfg)

    @torch.no_grad()
    def train_step(self, data: dict, optim_wrapper=None) -> dict[str, Tensor]:
        """Collect the features of a batch; nothing is optimised."""
        data = self.data_preprocessor(data, True)
        self.warn_of_random_features()
        features = self.core.features(data['inputs'])
        check_finite('feature', features)
        samples = data['data_samples']
        indices = torch.tensor([sample.sample_idx for sample in samples])
        self.core.bank.collect(features, indices)
        return dict(images=torch.tensor(float(len(samples))))

    def start(self, num_images: int) -> None:
        """Before the pass over ``num_images`` good images."""
        self.core.bank.start(num_images)

    def fit(self) -> str:
        """After it: learn the bank. Returns a line for the log."""
        return self.core.bank.fit()

    @torch.no_grad()
    def calibration_scores(self, dataloader: DataLoader) -> tuple[Tensor, Tensor]:
        """What learned images would score, had they not been learned.

        Args:
            dataloader: Of the images that the bank was learned from.

        Returns:
            Scores (N,) and the largest value of each map (N,).
        """
        scores, peaks = [], []
        with self.core.feature_extractor.caching():
            for batch in dataloader:
                batch = self.data_preprocessor(batch, False)
                samples = batch['data_samples']
                indices = torch.tensor([sample.sample_idx for sample in samples])
                score, maps = self.core.measure_held_out(batch['inputs'], indices)
                scores.append(score.cpu())
                peaks.append(maps.amax((1, 2)).cpu())
        return torch.cat(scores), torch.cat(peaks)
