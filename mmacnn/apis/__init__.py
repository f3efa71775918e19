# Copyright (c) mmacnn authors. All rights reserved.
"""What a Python user calls: analyse, train, test, report, thresholds."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'analysis': ['analyse'],
        'label_next': ['label_next'],
        'categories': ['format_categories', 'run_categories'],
        'cross_validation': ['cross_validate', 'format_folds'],
        'run_report': ['report'],
        'search': ['format_options', 'format_trials', 'search'],
        'start': ['start'],
        'testing': ['test'],
        'thresholds': ['choose_anomaly_threshold', 'choose_map_threshold'],
        'training': ['train'],
        'verdict_thresholds': ['choose_thresholds'],
    },
)
