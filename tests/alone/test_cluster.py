"""A scheduler and workers as processes of their own, some of which end in between: the same shards as this process makes."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from tests.support.cluster import processes, wait_for
from tests.support.windows import N_WINDOWS, SENTENCES, embed, in_process, make_project, shards


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def killed_at_first_shard(project: Path, process: subprocess.Popen[bytes]) -> threading.Thread:
    def kill() -> None:
        wait_for(project / "embedded/shards", "*.arrow")
        process.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    return killer


def test_what_a_killed_worker_had_is_done_by_another(project: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "dask", n_workers=2, seconds=0.02) as running:
        killer = killed_at_first_shard(project, running.workers[0])
        assert embed(project, running.address) == N_WINDOWS * SENTENCES
        killer.join()
    assert shards(project) == in_process(project)


def test_a_scheduler_that_is_gone_ends_the_run_and_the_next_resumes(project: Path, tmp_path: Path) -> None:
    with processes(tmp_path / "dask", n_workers=1, seconds=0.05) as running:
        killer = killed_at_first_shard(project, running.scheduler)
        with pytest.raises(InputError, match=r"the scheduler at .* is gone"):
            embed(project, running.address)
        killer.join()
    assert shards(project)
    assert set(shards(project)) < set(in_process(project))


def test_windows_go_by_tls_to_those_who_have_a_certificate(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cluster"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ["--tls-ca-file", str(certificate), "--tls-cert", str(certificate), "--tls-key", str(key)]
    with processes(tmp_path / "dask", n_workers=1, protocol="tls", options=tls) as running:
        from dask import config

        with pytest.raises(InputError, match="no worker answers at tls://"):
            embed(project, running.address)
        place = "distributed.comm.tls"
        named = {f"{place}.ca-file": str(certificate), f"{place}.client.cert": str(certificate), f"{place}.client.key": str(key)}
        with config.set(named):
            assert embed(project, running.address) == N_WINDOWS * SENTENCES
    assert shards(project) == in_process(project)
