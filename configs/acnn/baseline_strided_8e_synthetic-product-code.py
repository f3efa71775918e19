_base_ = [
    '../_base_/models/baseline_strided.py',
    '../_base_/datasets/synthetic_product_code.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]

# The whole image, resized to half its sides: four times the pixels of the crop that
# acnn-opt shows the same classifier.
resize = dict(type='Resize', scale=(320, 240), keep_ratio=False)
train_pipeline = [*_base_.train_pipeline[:-2], resize, *_base_.train_pipeline[-2:]]
test_pipeline = [_base_.test_pipeline[0], resize, *_base_.test_pipeline[-2:]]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader

val_evaluator = [dict(type='mmpretrain.Accuracy', topk=(1,))]
test_evaluator = val_evaluator
