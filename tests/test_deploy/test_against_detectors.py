# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np

from mmacnn.inference import Inspector

from .conftest import MODEL, ROOT, WEIGHTS


def test_a_model_folder_beside_detectors(exported, photographs, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    from against_detectors import Exported

    model = Exported(str(exported('full_onnxruntime_static-480x640')))
    for path, result in zip(
        photographs, Inspector(str(MODEL), str(WEIGHTS))(photographs), strict=True
    ):
        found = model(cv2.imread(str(path)))
        assert found.label == result.label
        np.testing.assert_allclose(found.roi, result.roi, atol=0.1)
