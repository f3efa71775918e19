# Copyright (c) mmacnn authors. All rights reserved.
"""Where results go beside files: brokers, web hooks, PLCs, folders by verdict."""

import hashlib
import os
import re
import time
from importlib import import_module
from uuid import uuid4

import cv2

from .delivery import Delivery, Newest, Spool
from .errors import LineError
from .names import camera_name
from .senders import Modbus, Mqtt, OpcUa, Webhook
from .station_arguments import SINKS

SENDERS = {
    'mqtt': Mqtt,
    'mqtts': Mqtt,
    'http': Webhook,
    'https': Webhook,
    'opc.tcp': OpcUa,
    'modbus': Modbus,
}
FOLDERS, PLUGIN = 'folders:', 'plugin:'


class Folders:
    """Writes each frame below a folder of its verdict, as it came from the camera.

    Args:
        folder (str): may exist, with frames of earlier runs.
    """

    def __init__(self, folder):
        self._folder = folder
        os.makedirs(folder, exist_ok=True)

    def write(self, image, record):
        if image is None:
            return
        folder = os.path.join(self._folder, record['verdict'])
        os.makedirs(folder, exist_ok=True)
        title = re.sub(r'[^\w.-]+', '_', os.path.basename(record['source']))
        stamp = time.strftime('%Y%m%dT%H%M%S', time.gmtime(record['time']))
        path = os.path.join(folder, f'{stamp}_{title[-60:]}_{record["id"][:8]}.jpg')
        content = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        unfinished = path + '.unfinished'
        try:
            with open(unfinished, 'wb') as file:
                file.write(content.tobytes())
            os.replace(unfinished, path)
        except OSError:
            if os.path.exists(unfinished):
                os.remove(unfinished)
            raise

    def close(self):
        pass


class Receiver:
    """A receiver over the network, which may be away.

    Args:
        address (str): of it.
        spool (str): folder of what waits for all receivers.
    """

    def __init__(self, address, spool):
        sender = open_sender(address)
        name = camera_name(address.partition('?')[0])  # without the password
        queue = Newest()
        if not sender.newest_only:
            title = re.sub(r'[^\w.-]+', '_', name)[:60]
            digest = hashlib.sha1(address.encode()).hexdigest()[:8]
            queue = Spool(os.path.join(spool, f'{title}_{digest}'))
        self._delivery = Delivery(name, sender, queue)
        self.close = self._delivery.close

    def write(self, image, record):
        self._delivery.put(record)


def open_sender(address):
    """The sender of an address.

    Args:
        address (str): a URL of ``SENDERS``, or ``plugin:MODULE.CLASS:ADDRESS`` for a
            class of your own, see ``senders``.

    Raises:
        LineError: there is no such kind, or what it needs is missing.
    """
    if not address.startswith(PLUGIN):
        kind = SENDERS.get(address.partition('://')[0])
        if kind is None or '://' not in address:
            raise LineError(f'{address}: expected a sink: {SINKS}')
        return kind(address)
    path, _, rest = address[len(PLUGIN) :].partition(':')
    module, _, name = path.rpartition('.')
    try:
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise LineError(f'{address}: expected MODULE.CLASS: {error}') from None
    return kind(rest)


class Sinks:
    """All of them together.

    Args:
        addresses (list): ``folders:DIR``, or see ``open_sender``.
        spool (str): folder of what waits.

    Raises:
        LineError: an address is none, or a package is missing.
        OSError: a folder cannot be written.
    """

    def __init__(self, addresses, spool):
        self._sinks = []
        try:
            for address in addresses:
                if address.startswith(FOLDERS):
                    sink = Folders(address[len(FOLDERS) :])
                else:
                    sink = Receiver(address, spool)
                self._sinks.append(sink)
        except BaseException:
            self.close()
            raise

    def write(self, image, record):
        """Hand over a result.

        Args:
            image (np.ndarray): (H, W, 3) uint8 BGR; None where there is none.
            record (dict): plain values. ``id`` and ``time`` are added.

        Raises:
            OSError: the disk is full.
        """
        record = dict(record, id=uuid4().hex)
        record['time'] = record.get('time') or time.time()
        for sink in self._sinks:
            sink.write(image, record)

    def close(self):
        """Send what waits, as far as receivers are there."""
        for sink in self._sinks:
            sink.close()
