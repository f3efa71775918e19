_base_ = ['./tensorrt.py']

backend_config = dict(common_config=dict(fp16_mode=True))
tolerance = dict(labels=0.99, score=0.1, shift=2.0, map=1.0)
