# Copyright (c) mmacnn authors. All rights reserved.
"""A real browser, to look at pages with."""

import json
import os
import select
import shutil
import subprocess
import sys
import time

BROWSERS = (
    *('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'),
    *('chrome', 'chrome-headless-shell', 'headless_shell', 'microsoft-edge'),
)
# By way of 53 and 54, lest one be put where the other still is.
AT_3_AND_4 = """
import os, sys
for source, target in zip(map(int, sys.argv[1:3]), (53, 54)):
    os.dup2(source, target)
os.dup2(53, 3), os.dup2(54, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """A headless Chromium at the other end of a pipe, with one page.

    Chrome DevTools Protocol over ``--remote-debugging-pipe``: JSON that ends with a
    zero byte, on file descriptors 3 and 4.
    """

    def __init__(self, binary, profile):
        self._answers, theirs = os.pipe()
        ours, self._orders = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, '-c', AT_3_AND_4, str(ours), str(theirs), binary),
                *('--headless', '--no-sandbox', '--no-zygote', '--disable-gpu'),
                *('--remote-debugging-pipe', f'--user-data-dir={profile}'),
                'about:blank',
            ],
            pass_fds=(ours, theirs),
            stderr=subprocess.DEVNULL,
        )
        os.close(ours), os.close(theirs)
        self._number, self._rest, self._session = 0, b'', {}
        self.events = []
        page = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=page, flatten=True)
        self._session = dict(sessionId=session['sessionId'])
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def _read(self, patience=30):
        end = time.monotonic() + patience
        while b'\0' not in self._rest:
            if not select.select([self._answers], [], [], end - time.monotonic())[0]:
                raise TimeoutError(f'the browser said nothing in {patience} s')
            self._rest += os.read(self._answers, 1 << 16)
        message, _, self._rest = self._rest.partition(b'\0')
        return json.loads(message)

    def call(self, method, **params):
        self._number += 1
        order = dict(id=self._number, method=method, params=params, **self._session)
        os.write(self._orders, json.dumps(order).encode() + b'\0')
        while (message := self._read()).get('id') != self._number:
            self.events.append(message)
        assert 'error' not in message, message['error']
        return message['result']

    def open(self, url):
        """Open a page, and wait until all of it is there."""
        self.events.clear()
        self.call('Page.navigate', url=url)
        while not any(e['method'] == 'Page.loadEventFired' for e in self.events):
            self.events.append(self._read())

    def run(self, script):
        """Value of an expression, or of the promise that it is."""
        answer = self.call(
            'Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True
        )
        assert 'exceptionDetails' not in answer, answer['exceptionDetails']
        return answer['result'].get('value')

    def wait_for(self, script, patience=20):
        """Wait until an expression is true."""
        end = time.monotonic() + patience
        while not self.run(script):
            assert time.monotonic() < end, script
            time.sleep(0.1)

    def drag(self, start, end):
        """Move the mouse with its button down.

        Args:
            start, end (tuple): x, y in the window.
        """
        kinds = ('mousePressed', start), ('mouseMoved', end), ('mouseReleased', end)
        for kind, (x, y) in kinds:
            self.call(
                'Input.dispatchMouseEvent',
                **dict(type=kind, x=x, y=y, button='left', buttons=1, clickCount=1),
            )

    def complaints(self):
        """Errors, warnings and messages of the page and the browser."""
        names = (
            'Log.entryAdded',
            'Runtime.exceptionThrown',
            'Runtime.consoleAPICalled',
        )
        return [event for event in self.events if event['method'] in names]

    def requests(self):
        """Addresses that the page asked for, those inside it left out."""
        urls = [
            event['params']['request']['url']
            for event in self.events
            if event['method'] == 'Network.requestWillBeSent'
        ]
        return [url for url in urls if not url.startswith('data:')]

    def close(self):
        self._process.terminate()
        self._process.wait(10)
        os.close(self._answers), os.close(self._orders)


def find_browser():
    """Path of a Chromium; None where there is none."""
    names = [os.environ['CHROMIUM']] if 'CHROMIUM' in os.environ else BROWSERS
    return next(filter(None, map(shutil.which, names)), None)
