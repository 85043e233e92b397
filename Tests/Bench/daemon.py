"""zanzod under test: its configuration in a folder of its own, its socket, its status."""
import json
import socket
import threading
import time

from children import BenchError, Child, until


class Daemon(Child):
    """A running zanzod that watches `cameras`: their keys by camera name, as in zanzo.yaml."""

    def __init__(self, built, folder, cameras):
        self.folder = folder
        folder.mkdir()
        self.socket = folder / "events.sock"
        lines = [
            "log_level: info", f"state_directory: {folder}/state", "events:", f"  socket: {self.socket}",
            f"  file: {folder}/events.jsonl", "snapshots:", "  min_free: 16MiB", "cameras:"]
        for name, keys in cameras.items():
            lines += [f"  {name}:"] + [f"    {line}" for line in yaml(keys)]
        config = folder / "zanzo.yaml"
        config.write_text("\n".join(lines) + "\n")
        super().__init__("zanzod", [built / "zanzod", "--config", config], folder / "zanzod.log")
        try:
            until(self.socket.exists, 20, "zanzod's socket", self)
        except BaseException:
            self.end()
            raise

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(self.socket))
        return client

    def status(self):
        """What `zanzo status --json` prints."""
        with self.connect() as client:
            client.sendall(b'{"status":true}\n')
            return json.loads(client.makefile().readline())

    def next_frames(self):
        """Frames so far over all cameras by what became of them, at the moment when the daemon next counts them."""
        before = self.status()["uptime_s"]
        status = until(lambda: (now := self.status())["uptime_s"] != before and now, 5, "the daemon's next count", self)
        found = {}
        for camera in status["cameras"]:
            for kind, count in (camera["frames"] | {"drops": camera["drops"]}).items():
                found[kind] = found.get(kind, 0) + count
        return found

    def until_online(self, seconds=40):
        """Waits until every camera is online and has been scored."""
        def ready():
            cameras = self.status()["cameras"]
            return cameras and all(c["state"] == "online" and c["frames"].get("scored", 0) > 0 for c in cameras)
        until(ready, seconds, "every camera online", self)


def yaml(keys):
    """Mappings of plain values, and mappings within, as lines."""
    for key, value in keys.items():
        if isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {line}" for line in yaml(value))
        else:
            yield f"{key}: {value}"


class Listener(threading.Thread):
    """A subscriber: keeps every line with the time at which it arrived, in seconds of UTC."""

    def __init__(self, daemon, wish):
        super().__init__(daemon=True)
        self.lines, self.problem = [], None
        self.client = daemon.connect()
        self.client.sendall(json.dumps({"subscribe": wish}).encode() + b"\n")
        self.start()

    def run(self):
        rest = b""
        try:
            while True:
                chunk = self.client.recv(65536)
                arrived = time.time()
                if not chunk:
                    return
                *whole, rest = (rest + chunk).split(b"\n")
                self.lines += [(arrived, line) for line in whole]
        except OSError as error:
            self.problem = error

    def stop(self):
        """Ends the connection; returns (arrival, parsed line) of everything heard."""
        self.client.shutdown(socket.SHUT_RDWR)
        self.join(5)
        self.client.close()
        if self.problem:
            raise BenchError(f"the subscriber's connection: {self.problem}")
        return [(arrived, json.loads(line)) for arrived, line in self.lines]
