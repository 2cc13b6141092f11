"""Storage servers on loopback, each on free ports, with its data in a folder: they can be killed and started again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

HOST, BUCKET, USER, SECRET = "127.0.0.1", "team", "ann", "a secret of 127.0.0.1"
PROGRAMS = Path(sys.executable).parent
PATIENCE_S = 60


@dataclass
class Server:
    """A server, what a DVC remote has to say to reach it, and where it keeps what it got."""

    name: str
    command: list[str]
    port: int
    url: str
    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)  # of the remote, to be committed
    secrets: Mapping[str, str] = field(default_factory=dict)  # of the remote, in .dvc/config.local
    in_place: bool = False  # a file that arrives is written where it will lie, so that half of one may stay
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with (self.data.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.data.parent)
        wait_for(self.listens)
        if self.name == "s3":
            wait_for(lambda: has_bucket(self))

    def listens(self) -> bool:
        """Whether its port takes connections; it must not have ended."""
        assert self.process is not None
        assert self.process.poll() is None, (self.data.parent / "server.log").read_text()[-2000:]
        with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
            return True
        return False

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def n_bytes(self) -> int:
        """Bytes that lie in its folder."""
        return n_bytes(self.data)


def n_bytes(folder: Path) -> int:
    """Bytes of the files in a folder and below; one that another process renames or removes meanwhile may count nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(place, name).stat().st_size
    return total


def wait_for(condition) -> None:
    """Wait until a condition holds, which it must do soon."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"{condition} never came true"
        time.sleep(0.02)


def free_ports(n_ports: int) -> list[int]:
    """Ports of loopback that nobody listens to."""
    sockets = [socket.socket() for _ in range(n_ports)]
    for one in sockets:
        one.bind((HOST, 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def s3(folder: Path) -> Server:
    """SeaweedFS with one user and no open door; neither telemetry nor buckets that come by themselves."""
    names = [
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "s3.port",
        "s3.port.grpc",
    ]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    keys = {"accessKey": USER, "secretKey": SECRET}
    users = {"identities": [{"name": USER, "credentials": [keys], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}
    (folder / "users.json").write_text(json.dumps(users))
    data = folder / "data"
    data.mkdir()
    options = {
        **ports,
        "ip": HOST,
        "ip.bind": HOST,
        "dir": data,
        "s3.config": folder / "users.json",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.localSocket": folder / "s3.sock",
        "filer.localSocket": folder / "filer.sock",
        "master.telemetry": "false",
        "master.electionTimeout": "500ms",
        "master.volumeSizeLimitMB": 64,
        "volume.max": 20,
    }
    command = [str(PROGRAMS / "weed"), "server", "-s3", *(f"-{name}={value}" for name, value in options.items())]
    return Server(
        "s3",
        command,
        ports["s3.port"],
        f"s3://{BUCKET}/storage",
        data,
        {"endpointurl": f"http://{HOST}:{ports['s3.port']}"},
        {"access_key_id": USER, "secret_access_key": SECRET},
    )


def has_bucket(server: Server) -> bool:
    """Whether the server has the bucket, which is made where it can be."""
    client = botocore.session.get_session().create_client(
        "s3", "us-east-1", endpoint_url=server.settings["endpointurl"], aws_access_key_id=USER, aws_secret_access_key=SECRET
    )
    with suppress(BotoCoreError, ClientError):
        client.create_bucket(Bucket=BUCKET)
    with suppress(BotoCoreError, ClientError):
        client.head_bucket(Bucket=BUCKET)
        return True
    return False


def rclone(folder: Path, protocol: str, scheme: str) -> Server:
    """A folder served by rclone to one user."""
    [port] = free_ports(1)
    data = folder / "data"
    (data / BUCKET).mkdir(parents=True)
    options = ["--addr", f"{HOST}:{port}", "--user", USER, "--pass", SECRET, "--config", str(folder / "rclone.conf")]
    command = [str(PROGRAMS / "rclone"), "serve", protocol, str(data), *options]
    url = f"{scheme}://{USER}@{HOST}:{port}/{BUCKET}"
    return Server(protocol, command, port, url, data, {}, {"password": SECRET}, in_place=protocol == "webdav")


def sftp(folder: Path) -> Server:
    """A folder over SFTP."""
    return rclone(folder, "sftp", "ssh")


def webdav(folder: Path) -> Server:
    """A folder over WebDAV."""
    return rclone(folder, "webdav", "webdav")


KINDS = {"s3": s3, "sftp": sftp, "webdav": webdav}


@contextmanager
def serving(name: str, folder: Path) -> Iterator[Server]:
    """A server of a kind of KINDS that runs, empty, its files in `server` of a folder."""
    (folder / "server").mkdir()
    server = KINDS[name](folder / "server")
    try:
        server.start()
        yield server
    finally:
        server.kill()
