# Copyright (c) mmacnn authors. All rights reserved.
"""The page in a real browser: it renders, filters, and asks nobody for anything."""

import pytest

from mmacnn.reporting import write_report

VISIBLE = (
    "[...document.querySelectorAll('#pictures figure')].filter(f => !f.hidden).length"
)
LINES = "document.querySelectorAll('#table tbody tr').length"


def choose(browser, **values):
    """Reset the filters, set some, and return the visible pictures and lines."""
    browser.run('new Promise(done => { form.reset(); setTimeout(done, 20); })')
    for name, value in values.items():
        browser.run(
            f'form.elements[{name!r}].value = {str(value)!r}; '
            "form.dispatchEvent(new Event('input'))"
        )
    return browser.run(VISIBLE), browser.run(LINES)


@pytest.fixture
def page(acnn, anomaly, tmp_path):
    write_report([acnn, anomaly], str(tmp_path / 'report.html'), max_pictures=8)
    return tmp_path / 'report.html'


def test_renders_and_filters(browser, page):
    browser.open(page.as_uri())
    assert browser.run(LINES) == 8
    assert browser.run(VISIBLE) == 8
    # A-CNN is wrong on 2 and 7, the other run on 4; each has its four hardest drawn.
    assert choose(browser, run='0', result='wrong') == (2, 2)
    assert choose(browser, result='wrong') == (3, 3)
    assert choose(browser, result='differ')[1] == 3
    assert choose(browser, truth='bad', run='0') == (2, 4)
    assert choose(browser, name='3.png')[1] == 1
    assert choose(browser, least='1')[1] == 3
    assert choose(browser, run='0', high='0.65') == (1, 1)
    assert choose(browser, truth='bad', label='bad', run='0')[1] == 3
    assert choose(browser)[1] == 8


def test_cells_of_the_confusion_matrix_and_pictures_answer(browser, page):
    browser.open(page.as_uri())
    browser.run("document.querySelector('.confusion td.wrong button').click()")
    assert browser.run('form.elements.truth.value') == 'good <b>'
    assert browser.run('form.elements.label.value') == 'bad'
    assert browser.run(LINES) == 1
    figure = "document.querySelector('#pictures figure')"
    browser.run(f"{figure}.querySelector('button').click()")
    assert browser.run(f"{figure}.classList.contains('large')")
    assert browser.run(f"{figure}.querySelector('button').ariaExpanded") == 'true'


def test_pictures_and_charts_are_drawn(browser, page):
    browser.open(page.as_uri())
    script = """Promise.all([...document.images].map(image => {
        image.loading = 'eager';
        return image.decode().then(() => image.naturalWidth > 0);
    })).then(all => all.length > 8 && all.every(Boolean))"""
    assert browser.run(script)


def test_no_complaint_and_no_request(browser, page):
    browser.open(page.as_uri())
    choose(browser, result='wrong')
    assert browser.complaints() == []
    assert browser.requests() == [page.as_uri()]


def test_fits_a_small_screen(browser, page):
    size = dict(width=360, height=640, deviceScaleFactor=1, mobile=True)
    browser.call('Emulation.setDeviceMetricsOverride', **size)
    browser.open(page.as_uri())
    assert browser.run('document.documentElement.scrollWidth') <= 360
    browser.call('Emulation.clearDeviceMetricsOverride')
