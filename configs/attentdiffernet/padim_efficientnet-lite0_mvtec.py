# A Gaussian for each position, for parts that always lie alike.
_base_ = ['./patchcore_efficientnet-lite0_mvtec.py']

model = dict(
    bank=dict(_delete_=True, type='mmacnn.GaussianBank', num_features=64),
)
