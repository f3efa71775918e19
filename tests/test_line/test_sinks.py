# Copyright (c) mmacnn authors. All rights reserved.
"""Receivers that are away; real brokers and servers where the packages are there."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shutil import which

import cv2
import numpy as np
import pytest

from mmacnn.line import delivery, senders
from mmacnn.line.delivery import Spool
from mmacnn.line.errors import LineError
from mmacnn.line.sinks import Sinks, open_sender
from mmacnn.line.station import uninterrupted

RECORD = dict(source='camera 0#7', verdict='fail', score=0.75, time=1.5e9)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def until(is_true, seconds=10):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(delivery, 'FIRST_PAUSE', 0.05)
    monkeypatch.setattr(delivery, 'CLOSING_SECONDS', 1.0)


class Desk:
    """A receiver by plug-in that is away as told."""

    newest_only = False
    got, is_away = [], False

    def __init__(self, address):
        self.address = address

    def send(self, record):
        if Desk.is_away:
            raise ConnectionError('nobody there')
        if record['number'] == -1:
            raise delivery.Rejected('a bad number')
        Desk.got.append(record)

    def close(self):
        pass


@pytest.fixture
def desk():
    Desk.got, Desk.is_away = [], False
    return f'plugin:{__name__}.Desk:somewhere'


def test_nothing_is_lost_over_outages_and_runs(desk, tmp_path, capfd):
    spool = str(tmp_path / 'spool')
    for run in range(3):
        Desk.is_away = run == 1
        sinks = Sinks([desk], spool)
        for number in range(20):
            sinks.write(None, dict(RECORD, number=20 * run + number))
        sinks.close()
        assert len(Desk.got) == (20, 20, 60)[run]
    assert [each['number'] for each in Desk.got] == list(range(60))
    assert len({each['id'] for each in Desk.got}) == 60
    err = capfd.readouterr().err
    assert err.count('away, results wait: ConnectionError: nobody there') == 1
    assert '20 results wait for the next run in ' in err


def test_control_c_waits_for_the_last_result():
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        done.append('all receivers')
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_record_that_is_never_taken_stops_no_other(desk, tmp_path):
    sinks = Sinks([desk], str(tmp_path))
    for number in (1, -1, 2):
        sinks.write(None, dict(RECORD, number=number))
    sinks.close()
    assert [each['number'] for each in Desk.got] == [1, 2]
    (rejected,) = tmp_path.glob('*/rejected.jsonl')
    assert json.loads(rejected.read_text())['rejected'] == 'a bad number'


def test_a_spool_after_a_kill(tmp_path):
    """A line that was cut off goes; a note that is missing sends again."""
    spool = Spool(str(tmp_path))
    for number in range(3):
        spool.put(dict(number=number))
    spool.done(spool.peek()[1])
    with pytest.raises(LineError, match='another program sends from it'):
        Spool(str(tmp_path))
    spool.close()
    with open(tmp_path / 'waiting.jsonl', 'ab') as file:
        file.write(b'{"number": 3, "half')
    spool = Spool(str(tmp_path))
    assert len(spool) == 2 and spool.peek()[0] == dict(number=1)
    spool.put(dict(number=4, text='x' * 200000))
    numbers = []
    while item := spool.peek():
        numbers.append(item[0]['number'])
        spool.done(item[1])
    assert numbers == [1, 2, 4]
    spool.close()


def test_a_spool_stays_small(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, 'COMPACT_BYTES', 1000)
    spool = Spool(str(tmp_path))
    for number in range(200):
        spool.put(dict(number=number))
        spool.done(spool.peek()[1])
        assert (tmp_path / 'waiting.jsonl').stat().st_size < 1100
    assert len(spool) == 0
    spool.close()


def test_full_disk(tmp_path, full_disk):
    spool = Spool(str(tmp_path))
    with full_disk(100), pytest.raises(OSError):
        for number in range(50):
            spool.put(dict(number=number))
    count = len(spool)
    assert count > 3
    spool.put(dict(number=count))
    while item := spool.peek():
        last = item[0]['number']
        spool.done(item[1])
    assert last == count
    spool.close()


def test_folders_by_verdict(tmp_path):
    sinks = Sinks([f'folders:{tmp_path}'], '')
    image = np.full((8, 8, 3), 77, np.uint8)
    for verdict in ('pass', 'fail', 'fail'):
        sinks.write(image, dict(RECORD, verdict=verdict))
    sinks.write(None, dict(RECORD, verdict='unreadable'))
    sinks.close()
    files = [path.relative_to(tmp_path).parts for path in tmp_path.rglob('*.jpg')]
    assert sorted(folder for folder, _ in files) == ['fail', 'fail', 'pass']
    name = files[0][1]
    assert name.startswith('20170714T024000_camera_0_7_')
    assert (cv2.imread(str(tmp_path.joinpath(*files[0]))) == 77).all()


@pytest.mark.parametrize(
    ('address', 'missing', 'message'),
    [
        ('ftp://host/a', '', 'ftp://host/a: expected a sink: mqtt://'),
        ('results', '', 'results: expected a sink: '),
        ('plugin:no_such.Thing:x', '', 'expected MODULE.CLASS'),
        ('mqtt://host/a', 'paho.mqtt.client', 'install it with: pip install paho-mqtt'),
        ('https://host/a', 'httpx', 'install it with: pip install httpx'),
        ('opc.tcp://host/?a=i=1', 'asyncua.sync', 'pip install asyncua'),
        ('modbus://host/1', 'pymodbus.client', 'pip install pymodbus'),
    ],
)
def test_a_mistake_is_one_line(address, missing, message, monkeypatch):
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(LineError) as error:
        open_sender(address)
    assert message in str(error.value) and '\n' not in str(error.value)


class Hook(BaseHTTPRequestHandler):
    """Takes records, or answers with the next status of ``server.answers``."""

    def do_POST(self):  # noqa: N802, as http.server calls it
        body = self.rfile.read(int(self.headers['content-length']))
        status = self.server.answers.pop(0) if self.server.answers else 204
        if status == 204:
            self.server.got.append((self.headers['idempotency-key'], json.loads(body)))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args):
        pass


def test_webhook(tmp_path):
    pytest.importorskip('httpx', reason='httpx is not installed')
    server = ThreadingHTTPServer(('127.0.0.1', 0), Hook)
    server.answers, server.got = [503, 500, 422], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f'http://127.0.0.1:{server.server_address[1]}/results'
    sinks = Sinks([address], str(tmp_path))
    for number in range(5):
        sinks.write(None, dict(RECORD, number=number))
    until(lambda: len(server.got) == 4)
    sinks.close()
    server.shutdown()
    server.server_close()
    assert [record['number'] for _, record in server.got] == [1, 2, 3, 4]
    assert all(key == record['id'] for key, record in server.got)


@pytest.fixture
def broker(tmp_path):
    """A mosquitto that can be killed and started."""
    program = which('mosquitto') or which('/usr/sbin/mosquitto')
    pytest.importorskip('paho.mqtt.client', reason='paho-mqtt is not installed')
    if program is None:
        pytest.skip('mosquitto is not installed')
    port, kept = free_port(), tmp_path / 'kept'
    kept.mkdir()
    config = tmp_path / 'mosquitto.conf'
    config.write_text(
        f'listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n'
        f'persistence true\npersistence_location {kept}/\nautosave_interval 1\n'
        'autosave_on_changes true\n'
    )
    running = []

    def start():
        running.append(subprocess.Popen([program, '-c', config], stderr=-3))
        until(lambda: not socket.socket().connect_ex(('127.0.0.1', port)))

    def stop():
        running[-1].kill()
        running[-1].wait()

    start()
    yield port, start, stop
    stop()


def test_mqtt_with_a_broker_that_is_killed(broker, tmp_path):
    import paho.mqtt.client as mqtt

    port, start, stop = broker
    got = []
    # The broker keeps what comes while this one is not back yet.
    version = mqtt.CallbackAPIVersion.VERSION2
    client = mqtt.Client(version, client_id='desk', clean_session=False)
    client.on_connect = lambda *_: client.subscribe('line/results', qos=1)
    client.on_message = lambda _, __, message: got.append(json.loads(message.payload))
    client.reconnect_delay_set(1, 1)
    client.connect('127.0.0.1', port)
    client.loop_start()
    until(client.is_connected)
    sinks = Sinks([f'mqtt://127.0.0.1:{port}/line/results'], str(tmp_path / 'spool'))
    sinks.write(None, dict(RECORD, number=0))
    until(lambda: got)
    stop()
    for number in range(1, 30):
        sinks.write(None, dict(RECORD, number=number))
    start()
    until(lambda: {each['number'] for each in got} == set(range(30)), 20)
    sinks.close()
    client.loop_stop()


def test_opc_ua():
    pytest.importorskip('asyncua', reason='asyncua is not installed')
    from asyncua.sync import Server

    server = Server()
    server.set_endpoint(f'opc.tcp://127.0.0.1:{free_port()}/line/')
    station = server.nodes.objects.add_object(2, 'Station')
    verdict = station.add_variable('ns=2;s=Verdict', 'Verdict', '')
    score = station.add_variable('ns=2;s=Score', 'Score', 0.0)
    for variable in (verdict, score):
        variable.set_writable()
    server.start()
    try:
        url = server.aio_obj.endpoint.geturl()
        sender = open_sender(f'{url}?verdict=ns=2;s=Verdict&score=ns=2;s=Score')
        sender.send(RECORD)
        assert (verdict.read_value(), score.read_value()) == ('fail', 0.75)
        sender.send(dict(RECORD, verdict='pass', score=None))
        assert (verdict.read_value(), score.read_value()) == ('pass', 0.75)
        sender.close()
    finally:
        server.stop()


def test_modbus():
    pytest.importorskip('pymodbus', reason='pymodbus is not installed')
    from pymodbus.client import ModbusTcpClient
    from pymodbus.datastore import (
        ModbusDeviceContext,
        ModbusSequentialDataBlock,
        ModbusServerContext,
    )
    from pymodbus.server import ServerStop, StartTcpServer

    port = free_port()
    block = ModbusSequentialDataBlock(1, [0] * 100)
    context = ModbusServerContext(ModbusDeviceContext(hr=block), single=True)
    serve = dict(context=context, address=('127.0.0.1', port))
    threading.Thread(target=StartTcpServer, kwargs=serve, daemon=True).start()
    until(lambda: not socket.socket().connect_ex(('127.0.0.1', port)))
    sender = open_sender(f'modbus://127.0.0.1:{port}/40')
    client = ModbusTcpClient('127.0.0.1', port=port)
    client.connect()
    for count, verdict, code in ((1, 'fail', 2), (2, 'pass', 1), (3, 'unreadable', 0)):
        sender.send(dict(RECORD, verdict=verdict))
        registers = client.read_holding_registers(40, count=3).registers
        assert registers == [code, 7500, count]
    client.close()
    sender.close()
    ServerStop()


def test_newest_alone():
    """A PLC that was away gets the last record, and no old ones."""
    queue = delivery.Newest()
    for number in range(3):
        queue.put(dict(number=number))
    record, ticket = queue.peek()
    assert record == dict(number=2)
    queue.put(dict(number=3))
    queue.done(ticket)
    assert queue.peek()[0] == dict(number=3)
    assert senders.OpcUa.newest_only and senders.Modbus.newest_only
