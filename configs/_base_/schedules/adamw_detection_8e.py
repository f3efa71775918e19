_base_ = ['./adamw_8e.py']

optim_wrapper = dict(optimizer=dict(lr=1e-3))
