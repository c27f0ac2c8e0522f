"""deploy/private-stack: whatever is killed, its servers end and its directory goes; it touches nothing else."""
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = ROOT / "deploy" / "private-stack"
WAIT_S = 60
USAGE, TEMPORARY = 2, 75


@pytest.fixture
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="custody-ps."))
    yield path
    if path.exists():
        subprocess.run([STACK, "stop", path], check=True, timeout=WAIT_S)


@pytest.fixture
def user():
    """A process that stands for whoever needs the stack."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def start(directory, user, *options):
    subprocess.run([STACK, "start", directory, "--no-fsync", "--watch", str(user.pid), *options], check=True, timeout=WAIT_S)


def pid_of(directory, name):
    return int((directory / f"{name}.pid").read_text().split()[0])


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def await_nothing_left(directory, pids):
    deadline = time.monotonic() + WAIT_S
    while directory.exists() or any(map(is_running, pids)):
        assert time.monotonic() < deadline, f"left: {directory} {[pid for pid in pids if is_running(pid)]}"
        time.sleep(0.05)


@pytest.mark.parametrize("victim", ["user", "keeper"])
def test_a_kill_leaves_no_server_and_no_directory(directory, user, victim):
    start(directory, user)
    pids = [pid_of(directory, name) for name in ("keeper", "postgres", "broker")]
    assert all(map(is_running, pids))
    os.kill(user.pid if victim == "user" else pids[0], signal.SIGKILL)
    user.kill()
    user.wait()
    await_nothing_left(directory, pids)


def test_stop_returns_when_nothing_is_left(directory, user):
    start(directory, user)
    pids = [pid_of(directory, name) for name in ("keeper", "postgres", "broker")]
    subprocess.run([STACK, "stop", directory], check=True, timeout=WAIT_S)
    assert not directory.exists()
    await_nothing_left(directory, pids)


def test_two_at_once_do_not_see_each_other(directory, user):
    other = pathlib.Path(tempfile.mkdtemp(prefix="custody-ps."))
    start(directory, user)
    start(other, user)
    query = '. "$0/env" && psql -XAtqc "SHOW unix_socket_directories"'
    answers = [subprocess.run(["sh", "-c", query, path], check=True, capture_output=True, text=True).stdout.strip()
               for path in (directory, other)]
    assert answers == [f"{directory}/pg", f"{other}/pg"]
    subprocess.run([STACK, "stop", other], check=True, timeout=WAIT_S)
    assert is_running(pid_of(directory, "postgres")) and is_running(pid_of(directory, "broker"))


def test_a_killed_server_can_be_started_again(directory, user):
    start(directory, user)
    for name in ("postgres", "broker"):
        before = pid_of(directory, name)
        subprocess.run([STACK, f"kill-{name}", directory], check=True, timeout=WAIT_S)
        assert not is_running(before)
        subprocess.run([STACK, f"start-{name}", directory], check=True, timeout=WAIT_S)
        assert is_running(pid_of(directory, name)) and pid_of(directory, name) != before


def test_a_command_that_arrives_in_two_pieces_is_obeyed(directory, user):
    start(directory, user)
    before = pid_of(directory, "broker")
    with open(directory / "control", "w", buffering=1) as control:
        control.write("kill-")
        control.flush()
        time.sleep(0.5)  # longer than the keeper waits for a line
        control.write("broker answer\n")
    deadline = time.monotonic() + WAIT_S
    answer = directory / "answer"  # there before the command is obeyed, and written after it
    while not (answer.exists() and answer.read_text() == "ok\n"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not is_running(before)


def test_a_directory_with_something_in_it_is_refused_and_kept(tmp_path):
    (tmp_path / "mine").write_text("precious")
    done = subprocess.run([STACK, "start", tmp_path], capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == USAGE and "not empty" in done.stderr
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.parametrize("options, word", [(["--set", "nonsense=1"], "nonsense"), (["--broker-config", "nonsense 1"], "nonsense")])
def test_a_server_that_does_not_start_is_reported_and_nothing_stays(directory, options, word):
    done = subprocess.run([STACK, "start", directory, *options], capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == TEMPORARY and word in done.stderr
    assert not directory.exists()


def test_run_gives_the_exit_code_of_its_command(directory):
    done = subprocess.run([STACK, "run", directory, "--no-fsync", "sh", "-c", 'psql -XAtqc "SELECT 1" && exit 7'],
                          capture_output=True, text=True, timeout=WAIT_S)
    assert (done.returncode, done.stdout) == (7, "1\n")
    assert not directory.exists()
