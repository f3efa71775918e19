_base_ = ['./acnn-opt_strided_8e_synthetic-product-code.py']

# The localization loss on the centre itself instead of on the heat map.
model = dict(
    loss_localization=dict(_delete_=True, type='mmacnn.CentreSmoothL1Loss', beta=8.0)
)
