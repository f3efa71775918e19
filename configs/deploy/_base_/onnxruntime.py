backend_config = dict(type='onnxruntime', precision='fp32')
# How far the exported model may differ from the checkpoint: the fraction of equal
# labels, the largest difference of a score, the largest shift of a box in pixels, and
# the largest difference of an activation map in logits.
tolerance = dict(labels=1.0, score=1e-4, shift=0.1, map=1e-3)
