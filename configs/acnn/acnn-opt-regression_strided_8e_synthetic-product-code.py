_base_ = ['./acnn-opt-smooth-l1_strided_8e_synthetic-product-code.py']

# The classical localizer: global pooling and a fully connected regression.
model = dict(localizer=dict(type='mmacnn.RegressionLocalizer'))
