# Copyright (c) mmacnn authors. All rights reserved.

from torch import Tensor

from mmacnn.registry import MODELS

from .detector import AnomalyDetector, check_finite
from .likelihood import PooledLikelihood, SpatialLikelihood

VIEWS = dict(type='mmacnn.RotatedViews')


@MODELS.register_module()
class DifferNet(AnomalyDetector):
    """Features of good images -> normalizing flow: what is unlikely is defective.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet: Semi-Supervised Defect
    Detection with Normalizing Flows*, WACV 2021. With ``SE`` or ``CBAM`` in the
    backbone it is AttentDifferNet: Vieira e Silva et al., *Attention Modules Improve
    Image-Level Anomaly Detection for Industrial Inspection*, WACV 2024.

    Published, the flow sees a vector of means (:class:`NormalizingFlow` on
    :class:`MultiScaleFeatures`); with :class:`SpatialFlow` on :class:`FeatureMaps` it
    sees every position, and score and map come from one pass.

    Args:
        feature_extractor: Config, such as :class:`MultiScaleFeatures`.
        flow: Config, such as :class:`NormalizingFlow`.
        views: Config of what is done to an image, :class:`RotatedViews` by default; a
            spatial flow sees the image alone.
        saliency: Config of :class:`GradientMap` or :class:`GradCAMMap`; without it
            there are no maps. A spatial flow needs none.
        views_at_once: Views of an image that go through the network together in
            testing: more is faster, and takes more memory.
        sigma: Standard deviation in pixels of the Gaussian filter over a spatial flow's
            map.
        regions: See :class:`AnomalyDetector`.
        data_preprocessor: Config; ``mmacnn.ImageDataPreprocessor`` with ImageNet's
            mean and deviation in the configs.
        init_cfg: Config of the initialization.
    """

    def __init__(
        self,
        feature_extractor: dict,
        flow: dict,
        views: dict | None = None,
        saliency: dict | None = None,
        views_at_once: int = 16,
        sigma: float = 4.0,
        regions: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        extractor, flow = MODELS.build(feature_extractor), MODELS.build(flow)
        if getattr(flow, 'is_spatial', False):
            core = SpatialLikelihood(extractor, flow, sigma)
        else:
            core = PooledLikelihood(
                extractor,
                flow,
                MODELS.build(views or VIEWS),
                None if saliency is None else MODELS.build(saliency),
                views_at_once,
            )
        super().__init__(core, regions, data_preprocessor, init_cfg)

    def loss(self, inputs: Tensor) -> dict[str, Tensor]:
        """Negative log-likelihood, a feature, up to a constant."""
        return dict(loss=check_finite('likelihood', self.core.loss(inputs)))
