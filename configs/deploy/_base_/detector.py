# Detectors of mmdet, through MMDeploy's own path.
_base_ = ['./detection.py']

codebase_config = dict(
    _delete_=True,
    type='mmdet',
    task='ObjectDetection',
    module=['mmacnn.deploy.detector_rewriters'],
    model_type='end2end',
    post_processing=dict(
        score_threshold=0.05,
        confidence_threshold=0.005,
        iou_threshold=0.5,
        max_output_boxes_per_class=200,
        pre_top_k=5000,
        keep_top_k=100,
        background_label_id=-1,
    ),
)
# Before opset 16, RoiAlign takes regions narrower than a cell for a cell wide.
ir_config = dict(
    opset_version=16,
    dynamic_axes=dict(
        input={0: 'batch', 2: 'height', 3: 'width'},
        dets={0: 'batch', 1: 'num_dets'},
        labels={0: 'batch', 1: 'num_dets'},
    ),
)
