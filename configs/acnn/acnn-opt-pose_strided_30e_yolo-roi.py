# Your own images of one object each, which lies turned by any angle. Boxes are upright
# (`class cx cy w h`) or oriented (`class x1 y1 ... x4 y4`).
# Set img_scale, and in model.stn the size of the object that lies straight (x 1.2) as
# roi_size, and as output_size what its text needs to be legible.
_base_ = './acnn-opt_strided_30e_yolo-roi.py'

model = dict(
    localizer=dict(
        in_channels=48,
        pose=True,
        # Coarser than acnn-opt's, and wider: which way up an object lies is told by all
        # of it, not by one place.
        backbone=dict(
            stem_channels=24,
            stem_stride=8,
            stem_kernel=8,
            stages=[(48, 2, (1, 2, 4, 8))],
        ),
    ),
    loss_pose=dict(type='mmacnn.PoseLoss', margin=1.2),
    roi_jitter=(0.05, 0.05),
    pose_jitter=(8.0, 0.1),
)

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.ResizeWithCorners', scale={{_base_.img_scale}}, keep_ratio=False),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.1,
        scale_range=(0.8, 1.25),
        rotate=180.0,
        fill='edge',
    ),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.3,
        contrast=0.3,
        saturation=0.5,
        white_balance=0.1,
        gamma=0.2,
    ),
    dict(type='RandomGrayscale', prob=0.1, keep_channels=True),
    dict(type='mmacnn.RandomBlur', sigma=(0.0, 0.8), motion=2.0),
    dict(type='mmacnn.RandomNoise', sigma=(0.0, 10.0), coarse_sigma=(0.0, 8.0)),
    dict(type='ToTensor', keys=['gt_bboxes', 'gt_corners', 'gt_is_oriented']),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_bboxes', 'gt_corners', 'gt_is_oriented'),
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
