# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.inference import describe_results


def test_few_results_are_listed():
    results = [
        dict(img_path='in/1.png', pred_class='(18.7)', pred_score=0.984),
        dict(img_path='in/2.png', error='...'),
    ]

    assert describe_results(results, 'out').splitlines() == [
        'in/1.png: (18.7) 0.98',
        '1 images could not be read',
        'pictures and predictions.json: out',
    ]


def test_many_results_are_counted():
    results = [
        dict(img_path=f'{i}.png', pred_class=f'({i % 4 // 3})', pred_score=0.9)
        for i in range(100)
    ]

    assert describe_results(results).splitlines() == [
        '(0): 75 images',
        '(1): 25 images',
    ]


def test_boxes_are_listed_and_their_images_counted():
    box = dict(pred_classes=['pit', 'dent', 'pit'], pred_scores=[0.91, 0.5, 0.314])
    results = [
        dict(img_path='1.png', **box),
        dict(img_path='2.png', pred_classes=[], pred_scores=[]),
    ]

    assert describe_results(results).splitlines() == [
        '1.png: pit 0.91, dent 0.50, pit 0.31',
        '2.png: nothing',
    ]
    assert describe_results(results * 50).splitlines() == [
        'pit: 50 images',
        'dent: 50 images',
        'nothing: 50 images',
    ]
