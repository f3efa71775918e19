_base_ = [
    '../_base_/models/acnn-best_strided.py',
    '../_base_/datasets/synthetic_product_code.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]
