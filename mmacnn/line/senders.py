# Copyright (c) mmacnn authors. All rights reserved.
"""How a record reaches one kind of receiver.

A sender is a class with

- ``__init__(address)``: keeps the address; raises ``LineError`` if it is none, or a
  package is missing.
- ``send(record)``: connects if it is not connected, and returns when the receiver has
  the record, a dict of plain values; raises ``delivery.Rejected`` if it will never take
  it, and anything else if it shall be sent again.
- ``close()``: lets the connection go; ``send`` may follow.
- ``newest_only = True``, if an old record is of no use to the receiver.
"""

import json
import ssl
import time
from urllib.parse import unquote, urlsplit

from .delivery import Rejected
from .errors import LineError
from .extras import import_extra

ANSWER_SECONDS = 10.0
VERDICTS = dict(unreadable=0)
VERDICTS.update({'pass': 1, 'fail': 2, 'unsure': 3})


class Webhook:
    """POSTs each record as JSON to ``http://`` or ``https://``, by httpx.

    Any answer of 2xx is an acknowledgement. 400, 413 and 422 say that this record is
    wrong: it is set aside. All else is tried again.
    """

    newest_only = False
    REJECTIONS = (400, 413, 422)

    def __init__(self, address):
        self._httpx = import_extra(address, 'httpx', 'httpx')
        self._address, self._client = address, None

    def send(self, record):
        if self._client is None:
            self._client = self._httpx.Client(timeout=ANSWER_SECONDS)
        headers = {'content-type': 'application/json', 'idempotency-key': record['id']}
        content = json.dumps(record).encode()
        answer = self._client.post(self._address, content=content, headers=headers)
        if answer.status_code in self.REJECTIONS:
            raise Rejected(f'status {answer.status_code}')
        if not 200 <= answer.status_code < 300:
            raise OSError(f'status {answer.status_code}')

    def close(self):
        client, self._client = self._client, None
        if client is not None:
            client.close()


class Mqtt:
    """Publishes to ``mqtt://USER:PASSWORD@HOST:PORT/TOPIC``, or ``mqtts://``, by paho.

    With quality of service 1: the broker acknowledges each record.
    """

    newest_only = False

    def __init__(self, address):
        self._mqtt = import_extra(address, 'paho.mqtt.client', 'paho-mqtt')
        self._url, self._client = urlsplit(address), None
        self._topic = unquote(self._url.path.strip('/'))
        if not self._url.hostname or not self._topic:
            raise LineError(f'{address}: expected mqtt://HOST/TOPIC')

    def _connect(self):
        version = getattr(self._mqtt, 'CallbackAPIVersion', None)
        arguments = [version.VERSION2] if version else []  # paho-mqtt before 2 has none
        client = self._client = self._mqtt.Client(*arguments)
        is_secret = self._url.scheme == 'mqtts'
        if is_secret:
            client.tls_set_context(ssl.create_default_context())
        if self._url.username:
            password = unquote(self._url.password or '')
            client.username_pw_set(unquote(self._url.username), password)
        port = self._url.port or (8883 if is_secret else 1883)
        client.connect(self._url.hostname, port, keepalive=30)
        client.loop_start()
        end = time.monotonic() + ANSWER_SECONDS
        while not client.is_connected():
            if time.monotonic() > end:
                raise OSError('the broker does not let it in')
            time.sleep(0.02)

    def send(self, record):
        if self._client is None:
            self._connect()
        sent = self._client.publish(self._topic, json.dumps(record), qos=1)
        sent.wait_for_publish(ANSWER_SECONDS)
        if not sent.is_published():
            raise OSError('the broker does not answer')

    def close(self):
        client, self._client = self._client, None
        if client is not None:
            client.loop_stop()
            client.disconnect()


class OpcUa:
    """Writes fields of the newest record to variables of an OPC UA server, by asyncua.

    ``opc.tcp://HOST:4840/PATH?FIELD=NODE&FIELD=NODE``, such as
    ``?verdict=ns=2;s=Station.Verdict&score=ns=2;i=7``. A value becomes one of the
    variable's type; a field that is None is not written.
    """

    newest_only = True

    def __init__(self, address):
        sync = import_extra(address, 'asyncua.sync', 'asyncua')
        self._ua = import_extra(address, 'asyncua.ua', 'asyncua')
        url = urlsplit(address)
        self._open = lambda: sync.Client(url._replace(query='').geturl())
        self._nodes = dict(pair.split('=', 1) for pair in url.query.split('&') if pair)
        self._client, self._variables = None, {}
        if not self._nodes:
            raise LineError(f'{address}: expected ?FIELD=NODE, verdict=ns=2;i=3')

    def _connect(self):
        client = self._open()
        client.connect()
        self._client = client
        self._variables = {
            field: (node, node.read_data_type_as_variant_type())
            for field, node in (
                (field, client.get_node(unquote(name)))
                for field, name in self._nodes.items()
            )
        }

    def send(self, record):
        if self._client is None:
            self._connect()
        kinds = self._ua.VariantType
        for field, (node, kind) in self._variables.items():
            value = record.get(field)
            if value is None:
                continue
            if kind == kinds.String:
                value = str(value)
            elif kind in (kinds.Float, kinds.Double):
                value = float(value)
            # The value alone: a server may refuse a time that is not its own.
            value = self._ua.DataValue(self._ua.Variant(value, kind))
            node.write_value(value)

    def close(self):
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()


class Modbus:
    """Writes the newest record to holding registers over Modbus TCP, by pymodbus.

    ``modbus://HOST:502/REGISTER``, three registers from there on: 0 for unreadable, 1
    pass, 2 fail, 3 unsure; the score in 1/10000; and a count of what was written,
    modulo 65536. The count comes last, so that a PLC sees when the others are new.
    """

    newest_only = True

    def __init__(self, address):
        self._modbus = import_extra(address, 'pymodbus.client', 'pymodbus')
        url = urlsplit(address)
        self._host, self._port = url.hostname, url.port or 502
        register = url.path.strip('/') or '0'
        if not self._host or not register.isdigit():
            raise LineError(f'{address}: expected modbus://HOST:PORT/REGISTER')
        self._register, self._client, self._count = int(register), None, 0

    def send(self, record):
        if self._client is None:
            client = self._modbus.ModbusTcpClient(self._host, port=self._port)
            if not client.connect():
                raise OSError('no connection')
            self._client = client
        self._count = (self._count + 1) % 65536
        score = round(10000 * min(1.0, max(0.0, record.get('score') or 0.0)))
        verdict = VERDICTS.get(record['verdict'], 0)
        for register, values in ((0, [verdict, score]), (2, [self._count])):
            answer = self._client.write_registers(self._register + register, values)
            if answer.isError():
                raise OSError(str(answer))

    def close(self):
        client, self._client = self._client, None
        if client is not None:
            client.close()
