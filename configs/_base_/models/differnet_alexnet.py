# DifferNet as published. Name torchvision's weights of AlexNet in
# model.feature_extractor.backbone.init_cfg: features never trained tell little.
model = dict(
    type='mmacnn.DifferNet',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    feature_extractor=dict(
        type='mmacnn.MultiScaleFeatures',
        backbone=dict(type='mmacnn.PluginAlexNet'),
        scales=(448, 224, 112),
    ),
    flow=dict(
        type='mmacnn.NormalizingFlow',
        in_channels=3 * 256,
        num_blocks=8,
        hidden_channels=2048,
        clamp=3.0,
    ),
    views=dict(type='mmacnn.RotatedViews', num_train=4, num_test=64, degrees=180.0),
    saliency=dict(type='mmacnn.GradientMap', sigma=5.0, num_views=8),
)
