# Copyright (c) mmacnn authors. All rights reserved.
import time

from mmacnn.benchmark.timing import cost_of, interleave


def test_each_round_begins_with_the_next():
    order = []
    calls = {name: (lambda name=name: order.append(name)) for name in 'abc'}
    found = interleave(calls, 3)
    assert order == list('abcbcacab')
    assert found == dict.fromkeys('abc', [None] * 3)


def test_rounds_to_warm_up_do_not_count():
    numbers = iter(range(10))
    found = interleave(dict(a=lambda: next(numbers)), 2, warm_up=3)
    assert found == dict(a=[3, 4])


def test_cost():
    asleep = cost_of(lambda: time.sleep(0.05))
    assert asleep.seconds >= 0.05
    assert asleep.cpu < asleep.seconds
