# Copyright (c) mmacnn authors. All rights reserved.
"""A station for a long time, with everything around it killed again and again.

    python benchmarks/line_soak.py --minutes 60

Two RTSP cameras of 25 frames a second, the board's runner with A-CNN, an MQTT broker
and a web hook. Each is killed and started again ten times in a run; a camera also
stalls, and comes back with another resolution. Prints how old frames were when the
model took them, the station's memory, and whether a result was lost on its way.

Needs Debian's mosquitto and what benchmarks/rtsp_server.py needs; paho-mqtt and httpx.
"""

import argparse
import hashlib
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
BITS = 32  # of the time in a picture, see rtsp_server.py
FPS = 25
SYSTEM_PYTHON = '/usr/bin/python3'  # which has Debian's gi
SIZES = '480x640', '240x320'
ROUNDS = 10
CONFIG = 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
DEPLOY = 'configs/deploy/acnn/full_onnxruntime_static-480x640.py'
WEIGHTS = 'demo/acnn-opt_synthetic-product-code.pth'


def missing() -> str:
    """What is not installed, or ''."""
    code = 'import gi; gi.require_version("GstRtspServer", "1.0")'
    if subprocess.run([SYSTEM_PYTHON, '-c', code], capture_output=True).returncode:
        return 'gir1.2-gst-rtsp-server-1.0 and python3-gi'
    if which('mosquitto') is None and not Path('/usr/sbin/mosquitto').is_file():
        return 'mosquitto'
    code = 'import paho.mqtt.client, httpx'
    if subprocess.run([sys.executable, '-c', code], capture_output=True).returncode:
        return 'paho-mqtt and httpx'
    return ''


def fingerprint(record: dict) -> str:
    """Hash of what a record says, without what is added on its way."""
    kept = {k: v for k, v in record.items() if k not in ('id', 'drift')}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


# ------------------------------------------------- programs that run beside the soak


def watch_station(log: str, arguments: list[str]) -> None:
    """The board's runner, which also notes how old each picture is by its columns."""
    sys.path.insert(0, str(ROOT / 'runner'))
    import run

    class Watched(run.Inspection):
        def __call__(self, source, frame, read=0.0, error=''):
            if frame is not None:
                width = frame.shape[1] // BITS
                row = frame[frame.shape[0] // 2, width // 2 :: width, 0][:BITS] > 128
                made = int(''.join('01'[int(bit)] for bit in row), 2)
                age = (int(1000 * time.time()) - made) % (1 << BITS)
                print(time.time(), source, age, len(frame), file=ages, flush=True)
            return super().__call__(source, frame, read, error)

    run.Inspection = Watched
    sys.argv = ['run.py', *arguments]
    with open(log, 'w') as ages:
        sys.exit(run.main())


def receive_hooks(out: str, port: int) -> None:
    """A web hook that notes each record before it answers."""

    class Hook(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_POST(self):  # noqa: N802, as http.server calls it
            body = self.rfile.read(int(self.headers['content-length']))
            with lock, open(out, 'ab') as file:
                file.write(body + b'\n')
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    lock = threading.Lock()
    ThreadingHTTPServer.allow_reuse_address = True
    ThreadingHTTPServer(('127.0.0.1', port), Hook).serve_forever()


def receive_messages(out: str, port: int) -> None:
    """A subscriber, whose session the broker keeps."""
    import paho.mqtt.client as mqtt

    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id='soak', clean_session=False
    )

    def note(client, data, message):
        with open(out, 'ab') as file:
            file.write(message.payload + b'\n')

    client.on_connect = lambda *_: client.subscribe('line/results', qos=1)
    client.on_message = note
    client.reconnect_delay_set(1, 1)
    client.connect('127.0.0.1', port)
    client.loop_forever()


# ---------------------------------------------------------------------------- the soak


class Program:
    """A program that is killed and started again.

    Args:
        command: Of it.
        log: File of what it says.
    """

    def __init__(self, command: list, log: Path) -> None:
        self.command, self.log = [str(part) for part in command], log
        self.start()

    def start(self, *more: str) -> None:
        with self.log.open('ab') as file:
            self.process = subprocess.Popen(
                [*self.command, *more], stdout=file, stderr=file, cwd=ROOT
            )

    def stop(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.wait(60)

    def pause(self, seconds: float) -> None:
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def restart(self, seconds: float, *more: str) -> None:
        self.stop()
        time.sleep(seconds)
        self.start(*more)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def build_model(folder: Path) -> Path:
    """The model of the demo, exported."""
    import cv2

    picture, model = folder / 'picture.png', folder / 'model'
    cv2.imwrite(str(picture), np.zeros((480, 640, 3), np.uint8))
    command = [sys.executable, 'tools/deploy.py', DEPLOY, CONFIG, WEIGHTS, picture]
    subprocess.run([*command, '--work-dir', model], check=True, cwd=ROOT)
    return model


def start_all(folder: Path, model: Path) -> dict[str, Program]:
    """Cameras, broker, receivers, and the station."""
    ports = [free_port() for _ in range(4)]
    kept = folder / 'broker'
    kept.mkdir()
    (folder / 'mosquitto.conf').write_text(
        f'listener {ports[2]} 127.0.0.1\nallow_anonymous true\nuser root\n'
        f'persistence true\npersistence_location {kept}/\nautosave_interval 1\n'
        'autosave_on_changes true\nmax_queued_messages 0\n'
    )
    broker = which('mosquitto') or '/usr/sbin/mosquitto'
    me = [sys.executable, __file__]
    commands = dict(
        camera_0=[SYSTEM_PYTHON, ROOT / 'benchmarks/rtsp_server.py', ports[0]],
        camera_1=[SYSTEM_PYTHON, ROOT / 'benchmarks/rtsp_server.py', ports[1]],
        broker=[broker, '-c', folder / 'mosquitto.conf'],
        hook=[*me, '--role', 'hook', folder / 'hook.jsonl', ports[3]],
        subscriber=[*me, '--role', 'subscriber', folder / 'mqtt.jsonl', ports[2]],
    )
    running = {}
    for name, command in commands.items():
        running[name] = Program(command, folder / f'{name}.log')
        time.sleep(2)
    urls = [f'rtsp://127.0.0.1:{port}/live' for port in ports[:2]]
    sinks = [
        f'mqtt://127.0.0.1:{ports[2]}/line/results',
        f'http://127.0.0.1:{ports[3]}/results',
    ]
    command = [*me, '--role', 'station', folder / 'ages.txt', model, *urls]
    command += ['--backend', 'onnxruntime', '--results', folder / 'results.jsonl']
    command += ['--sink', *sinks, '--spool', folder / 'spool', '--stall', 3]
    running['station'] = Program(command, folder / 'station.log')
    return running


def until_it_inspects(folder: Path) -> None:
    """Wait for the first frames of the station."""
    ages, end = folder / 'ages.txt', time.monotonic() + 60
    while not (ages.is_file() and len(ages.read_text().splitlines()) > 50):
        if time.monotonic() > end:
            sys.exit(f'error: no frames: {(folder / "station.log").read_text()}')
        time.sleep(0.5)


def disturb(running: dict[str, Program], seconds: float) -> None:
    """Kill and stall all but the station, evenly over ``seconds``."""
    camera_0, camera_1 = running['camera_0'], running['camera_1']
    deeds = (
        lambda turn: camera_0.restart(2),
        lambda turn: running['broker'].restart(3),
        lambda turn: camera_1.restart(1, '--size', SIZES[(turn + 1) % 2]),
        lambda turn: running['hook'].restart(3),
        lambda turn: camera_0.pause(5),
    )
    start, total = time.time(), ROUNDS * len(deeds)
    for number in range(total):
        deed = deeds[number % len(deeds)]
        time.sleep(max(0.0, start + seconds * number / total - time.time()))
        deed(number // len(deeds))
    time.sleep(max(0.0, start + seconds - time.time()))


def drained(folder: Path, count: int) -> None:
    """Wait until both receivers have all, or nothing comes any more."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [len(records_of(folder / f'{name}.jsonl')) for name in ('mqtt', 'hook')]
        if min(found) >= count:
            return
        time.sleep(1)


def records_of(path: Path) -> dict[str, str]:
    """Id to fingerprint of what a receiver has; one that came twice counts once."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    return {record['id']: fingerprint(record) for record in records}


def growth(memory: list[float]) -> float:
    """Median of the last quarter in % above that of the second."""
    quarter = len(memory) // 4
    before = statistics.median(memory[quarter : 2 * quarter])
    return 100 * (statistics.median(memory[-quarter:]) / before - 1)


def soak(folder: Path, model: Path, minutes: float) -> dict:
    """See the module.

    Returns:
        Figures.
    """
    running = start_all(folder, model)
    until_it_inspects(folder)
    memory, is_over = [], threading.Event()
    process = psutil.Process(running['station'].process.pid)

    def sample():
        while not is_over.wait(60 * minutes / 200) and process.is_running():
            memory.append(process.memory_info().rss / 2**20)

    threading.Thread(target=sample, daemon=True).start()
    try:
        disturb(running, 60 * minutes)
        is_over.set()
        early = running['station'].process.poll()
        running['station'].stop(signal.SIGINT)
        status = running['station'].process.returncode
        # What waits is sent by the next run; here one without any frames.
        lines = (folder / 'results.jsonl').read_text().splitlines()
        flush(running['station'].command, len(lines), folder)
        drained(folder, len(lines))
    finally:
        for program in running.values():
            program.process.kill()
    record = sorted(fingerprint(json.loads(line)) for line in lines)
    received = {
        name: sorted(records_of(folder / f'{name}.jsonl').values())
        for name in ('mqtt', 'hook')
    }
    return dict(
        ended_early=early is not None,
        status=status,
        results=len(record),
        lost={name: len(record) - len(found) for name, found in received.items()},
        equal={name: found == record for name, found in received.items()},
        memory=[round(each) for each in memory[:: len(memory) // 8 or 1]],
        growth=growth(memory),
        outages=sum('lost, trying again' in line for line in lines),
        **ages(folder, lines),
    )


def flush(command: list[str], count: int, folder: Path) -> None:
    """Send what still waits, as a next run would."""
    from mmacnn.line.sinks import Sinks

    start = command.index('--sink') + 1
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sinks = Sinks(command[start : start + 2], str(folder / 'spool'))
        waiting = [len(each._delivery._queue) for each in sinks._sinks]
        sinks.close()
        if not any(waiting):
            return


def ages(folder: Path, lines: list[str]) -> dict:
    """In ms: since a frame arrived, and since it was made; both when it was taken."""
    records = [json.loads(line) for line in lines]
    arrived = [r['milliseconds']['age'] for r in records if 'age' in r['milliseconds']]
    rows = [line.split() for line in (folder / 'ages.txt').read_text().splitlines()]
    times = np.array([float(row[0]) for row in rows])
    made = np.array([float(row[2]) for row in rows])
    # What a camera kept while it stalled comes first; then frames must be new.
    sources = np.array([row[1].partition('#')[0] for row in rows])
    is_calm = np.ones(len(times), bool)
    for source in set(sources):
        (mine,) = np.nonzero(sources == source)
        for gap in np.nonzero(np.diff(times[mine]) > 1)[0]:
            back = times[mine[gap + 1]]
            is_calm[mine[(times[mine] >= back) & (times[mine] < back + 2)]] = False
    return dict(
        frames_a_second=len(times) / (times[-1] - times[0]),
        age=np.percentile(arrived, (50, 95, 99, 100)).tolist(),
        made=np.percentile(made, (50, 95, 99, 100)).tolist(),
        made_from_2_s_after_an_outage=np.percentile(
            made[is_calm], (50, 95, 99, 100)
        ).tolist(),
        sizes=sorted({int(row[3]) for row in rows}),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--minutes', type=float, default=5, help='how long (5)')
    parser.add_argument('--model', metavar='DIR', help='model folder (exports one)')
    parser.add_argument('--keep', metavar='DIR', help='new folder for all logs')
    parser.add_argument('--out', metavar='FILE', help='.json file of the figures')
    parser.add_argument('--role', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.role:
        name, file, *rest = args.role
        if name == 'station':
            watch_station(file, rest)
        elif name == 'hook':
            receive_hooks(file, int(rest[0]))
        else:
            receive_messages(file, int(rest[0]))
        return
    if needed := missing():
        sys.exit(f'error: install {needed}')
    with tempfile.TemporaryDirectory() as place:
        folder = Path(args.keep or place)
        folder.mkdir(parents=True, exist_ok=True)
        model = Path(args.model) if args.model else build_model(folder)
        figures = soak(folder, model, args.minutes)
    from mmacnn.utils.text import plain_table

    print(plain_table(['figure', 'value'], [[k, str(v)] for k, v in figures.items()]))
    if args.out:
        Path(args.out).write_text(json.dumps(figures))


if __name__ == '__main__':
    main()
