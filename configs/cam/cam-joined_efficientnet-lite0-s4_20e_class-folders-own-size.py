# For your own images of several sizes, each at its own: no Resize. The images of a
# batch are padded, and the model leaves the padding out.
_base_ = ['./cam-joined_efficientnet-lite0-s4_20e_class-folders.py']

img_scale = None
train_pipeline = [step for step in _base_.train_pipeline if step['type'] != 'Resize']
test_pipeline = [step for step in _base_.test_pipeline if step['type'] != 'Resize']
train_dataloader = dict(
    collate_fn=dict(type='pseudo_collate'), dataset=dict(pipeline=train_pipeline)
)
val_dataloader = dict(
    collate_fn=dict(type='pseudo_collate'), dataset=dict(pipeline=test_pipeline)
)
test_dataloader = dict(
    collate_fn=dict(type='pseudo_collate'), dataset=dict(pipeline=test_pipeline)
)
