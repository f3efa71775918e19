# Detectors of mmdet, CANet among them.
_base_ = ['../_base_/detector.py', '../_base_/onnxruntime.py']
