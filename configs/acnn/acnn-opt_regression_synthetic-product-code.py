_base_ = ['./acnn-opt_smooth-l1_synthetic-product-code.py']

# The classical localizer: global pooling and a fully connected regression.
model = dict(localizer=dict(type='mmacnn.RegressionLocalizer'))
