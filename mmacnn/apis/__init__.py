# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils.lazy_import import lazy_import

# Only who predicts waits the seconds that mmpretrain and mmdet take to import.
__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'anomaly_threshold': ['choose_anomaly_threshold'],
        'arguments': [
            'add_cfg_options',
            'add_runner_arguments',
            'image_size',
            'numbers',
            'probability',
            'whole_number',
        ],
        'box_proposals': ['propose_boxes'],
        'categories': ['format_categories', 'run_categories'],
        'detection_inferencer': ['DetectionInferencer'],
        'inference': ['describe_results', 'init_inferencer'],
        'inspection_result': ['InspectionResult'],
        'inspector': ['Inspector'],
        'map_threshold': ['choose_map_threshold'],
        'model_zoo': ['get_model'],
        'region_inferencer': ['RegionInferencer', 'box_region'],
        'roi_inferencer': ['RoIInferencer'],
        'run_report': ['report'],
        'testing': ['test'],
        'training': ['train'],
        'user_errors': ['run_tool'],
    },
)
