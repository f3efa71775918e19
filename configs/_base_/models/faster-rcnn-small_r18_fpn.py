# mmdet's Faster R-CNN for objects of 5 to 60 pixels, small enough to train on a CPU
# without pretrained weights: ResNet-18 of half the width, 64 channels in the pyramid,
# anchors of 8 to 64 pixels, 200 proposals.
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py']

proposals = dict(nms_pre=500, max_per_img=200)
model = dict(
    backbone=dict(
        type='mmacnn.PluginResNet',
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64, num_outs=4),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        anchor_generator=dict(scales=[2], strides=[4, 8, 16, 32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=dict(in_channels=64, fc_out_channels=256, num_classes=4),
    ),
    train_cfg=dict(
        rpn=dict(assigner=dict(pos_iou_thr=0.6), sampler=dict(num=128)),
        rpn_proposal=proposals,
        rcnn=dict(sampler=dict(num=128)),
    ),
    test_cfg=dict(rpn=proposals, rcnn=dict(max_per_img=50)),
)
