"""Child processes: watched, logged, and never left behind."""

from __future__ import annotations

import ast
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpt_pipeline.core import process
from cpt_pipeline.core.errors import GOES_ON
from cpt_pipeline.core.process import run_child, run_module, stop

PYTHON = sys.executable
Parent = subprocess.Popen[bytes]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_for(condition: object, seconds: float = 20.0) -> bool:
    """Wait until `condition()` holds."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("code", [0, 2, 75])
def test_the_exit_code_is_passed_on(tmp_path: Path, code: int) -> None:
    found, _ = run_child([PYTHON, "-c", f"raise SystemExit({code})"], log=tmp_path / "log")
    assert found == code


def test_a_death_by_signal_is_told_from_an_exit(tmp_path: Path) -> None:
    found, tail = run_child(["sh", "-c", "echo before; kill -9 $$"], log=tmp_path / "log")
    assert (found, tail) == (-signal.SIGKILL, "before\n")


def test_output_is_shown_kept_and_its_end_returned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "deep" / "worker.log"
    script = "for i in 1 2 3 4; do echo out $i; echo err $i >&2; done; printf 'no newline'"
    code, tail = run_child(["sh", "-c", script], log=log, tail_lines=3)
    assert (code, tail) == (0, "out 4\nerr 4\nno newline")
    whole = "".join(f"out {number}\nerr {number}\n" for number in (1, 2, 3, 4)) + "no newline"
    assert log.read_text() == whole
    captured = capfd.readouterr()
    assert (captured.err, captured.out) == (whole, "")
    run_child(["sh", "-c", "echo again"], log=log)
    assert log.read_text() == whole + "again\n"


def test_bytes_that_are_no_text_are_kept_as_they_are(tmp_path: Path) -> None:
    code, tail = run_child(["sh", "-c", r"printf '\377\n中文\n'"], log=tmp_path / "log")
    assert (code, tail) == (0, "\ufffd\n中文\n")
    assert (tmp_path / "log").read_bytes() == b"\xff\n" + "中文\n".encode()


def test_nothing_can_ask_a_question(tmp_path: Path) -> None:
    """`trust_remote_code` asks when it can; here an answer waits at the parent's own input."""
    code = (
        "from pathlib import Path; from cpt_pipeline.core.process import run_child; "
        f"run_child(['sh', '-c', 'read it && echo got $it || echo closed'], log=Path({str(tmp_path / 'log')!r}))"
    )
    subprocess.run([PYTHON, "-c", code], input=b"yes\n", stderr=subprocess.DEVNULL, check=True)
    assert (tmp_path / "log").read_text() == "closed\n"


def test_the_environment_is_ours_and_what_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "a")
    script = "echo $OURS $ADDED"
    assert run_child(["sh", "-c", script], log=tmp_path / "log", environment={"ADDED": "b"})[1] == "a b\n"
    assert "ADDED" not in os.environ


def test_a_module_gets_its_job(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text('{"a": 1}')
    code, tail = run_module("json.tool", tmp_path / "job.json", log=tmp_path / "log")
    assert (code, tail) == (0, '{\n    "a": 1\n}\n')


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_child([str(tmp_path / "nothing")], log=tmp_path / "log")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel binds a child to its parent on Linux only")
def test_a_child_dies_with_its_parent_however_that_dies(tmp_path: Path) -> None:
    """The child ignores SIGTERM and SIGHUP, and what it said is in the log."""
    pid_file = tmp_path / "pid"
    say = f"echo started; echo $$ > {pid_file}.tmp; mv {pid_file}.tmp {pid_file}"
    script = f"trap '' TERM HUP INT; {say}; while :; do sleep 0.05; done"
    parent_code = (
        "from pathlib import Path; from cpt_pipeline.core.process import run_child; "
        f"run_child(['sh', '-c', {script!r}], log=Path({str(tmp_path / 'log')!r}))"
    )
    parent = subprocess.Popen([PYTHON, "-c", parent_code], stderr=subprocess.DEVNULL)
    try:
        assert wait_for(pid_file.exists)
        child = int(pid_file.read_text())
        assert is_running(child)
        assert wait_for(lambda: (tmp_path / "log").read_text() == "started\n")
    finally:
        parent.kill()
        parent.wait()
    assert wait_for(lambda: not is_running(child), 5)
    assert (tmp_path / "log").read_text() == "started\n"


BIND = "from cpt_pipeline.core.process import die_with_parent; die_with_parent({}); print('bound')"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel binds a child to its parent on Linux only")
@pytest.mark.parametrize(
    ("parent", "end"),
    [("", (0, "bound\n")), (f"parent={os.getpid()}", (0, "bound\n")), ("parent=0", (75, ""))],
    ids=["any", "ours", "another"],
)
def test_a_child_whose_parent_is_not_the_one_it_must_have_ends_at_once(
    tmp_path: Path, parent: str, end: tuple[int, str]
) -> None:
    assert run_child([PYTHON, "-c", BIND.format(parent)], log=tmp_path / "log") == end


RANK = """
import os, pathlib, time
place = pathlib.Path({place!r})
(place / f"rank-{{os.getpid()}}").touch()
while not (place / "go").exists():
    time.sleep(0.01)
from cpt_pipeline.core.process import die_with_launcher
die_with_launcher()
(place / f"bound-{{os.getpid()}}").touch()
time.sleep(60)
"""
LAUNCHER = """
import subprocess, sys
rank = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True)
rank.wait()
"""
SUPERVISOR = """
import ctypes, sys
from pathlib import Path
from cpt_pipeline.core.process import noting_itself, run_child
run_child(noting_itself([sys.executable, *sys.argv[1:]]), log=Path(sys.argv[-1]))
"""


@pytest.fixture
def reaper() -> Iterator[None]:
    """Let orphans go to this process, as systemd --user and tini do, and not to process 1."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
    yield
    libc.prctl(36, 0, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel binds a child to its parent on Linux only")
@pytest.mark.usefixtures("reaper")
@pytest.mark.parametrize("bound", [False, True], ids=["while it imports", "later"])
def test_a_rank_ends_with_the_supervisor_of_its_launcher_whoever_takes_the_orphan(tmp_path: Path, bound: bool) -> None:
    rank_code = RANK.format(place=str(tmp_path))
    command = [PYTHON, "-c", SUPERVISOR, "-c", LAUNCHER, rank_code, str(tmp_path / "log")]
    supervisor = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    assert wait_for(lambda: list(tmp_path.glob("rank-*")))
    (rank,) = (int(path.name.removeprefix("rank-")) for path in tmp_path.glob("rank-*"))
    if bound:
        (tmp_path / "go").touch()
        assert wait_for((tmp_path / f"bound-{rank}").exists)
    supervisor.kill()
    supervisor.wait()
    if not bound:
        assert wait_for(lambda: parent_of(rank) == os.getpid())
        (tmp_path / "go").touch()
    assert wait_for(lambda: not is_running(rank), 5)
    assert (tmp_path / f"bound-{rank}").exists() == bound


def test_an_error_here_stops_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C does: the child gets SIGTERM and may save before we go on."""
    script = f"trap 'echo saved > {tmp_path / 'saved'}; exit 75' TERM; echo ready; while :; do sleep 0.05; done"

    class Interrupting:
        def write(self, text: str) -> None:
            raise KeyboardInterrupt

        def flush(self) -> None: ...

    monkeypatch.setattr(sys, "stderr", Interrupting())
    with pytest.raises(KeyboardInterrupt):
        run_child(["sh", "-c", script], log=tmp_path / "log")
    assert (tmp_path / "saved").read_text() == "saved\n"


def test_a_child_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_SECONDS_TO_STOP", 0.2)
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    child = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    stop(child)
    assert child.returncode == -signal.SIGKILL
    stop(child)


PARENT = """
import sys
from pathlib import Path
from cpt_pipeline.core import process
from cpt_pipeline.core.errors import StoppedBySignalError
place, process.SECONDS_OF_ONE_REQUEST, process._SECONDS_TO_STOP = Path(sys.argv[1]), float(sys.argv[2]), 0.2
try:
    end = "returned", process.run_child([sys.executable, str(place / "child.py")], log=place / "log")[0]
except StoppedBySignalError as error:
    end = str(error), error.exit_code
(place / "end").write_text(repr(end))
"""
CHILD = """
import os, signal, sys, time
from pathlib import Path
place = Path(__file__).parent
def receive(*_):
    (place / "asked").touch()
    {receive}
signal.signal(signal.SIGTERM, receive)
signal.signal(signal.SIGINT, signal.SIG_IGN)
(place / "pid.tmp").write_text(str(os.getpid()))
(place / "pid.tmp").rename(place / "pid")
ends = time.monotonic() + 60
while not (place / "go").exists() and time.monotonic() < ends:
    time.sleep(0.01)
sys.exit({code})
"""


def start_parent(place: Path, *, receive: str = "pass", code: int = 0, one_request: float = 60.0) -> tuple[Parent, int]:
    """Start a parent whose child runs until it is told to go on; give the parent and the child's pid."""
    (place / "child.py").write_text(CHILD.format(receive=receive, code=code))
    parent = subprocess.Popen([PYTHON, "-c", PARENT, str(place), str(one_request)], stderr=subprocess.DEVNULL)
    assert wait_for((place / "pid").exists)
    return parent, int((place / "pid").read_text())


def end_of(parent: Parent, place: Path) -> tuple[str, int]:
    """Give what `run_child` returned or raised, and the code."""
    assert parent.wait(30) == 0
    said, code = ast.literal_eval((place / "end").read_text())
    return said, code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_to_the_parent_lets_the_child_save_and_say_that_it_can_go_on(tmp_path: Path, number: int) -> None:
    parent, _ = start_parent(tmp_path, receive="sys.exit(75)")
    parent.send_signal(number)
    assert end_of(parent, tmp_path) == ("returned", 75)


@pytest.mark.parametrize("code", [0, 4, 143])
def test_after_a_signal_nothing_goes_on_whatever_the_child_ends_with(tmp_path: Path, code: int) -> None:
    """As when it comes after the last step, or to a worker that has no handler."""
    parent, _ = start_parent(tmp_path, code=code)
    parent.send_signal(signal.SIGUSR1)
    assert wait_for((tmp_path / "asked").exists)
    (tmp_path / "go").touch()
    said = f"stopped at SIGUSR1 (the child ended with {code}). {GOES_ON}"
    assert end_of(parent, tmp_path) == (said, 75)


def test_a_child_that_dies_of_the_signal_passed_on_is_no_failure(tmp_path: Path) -> None:
    parent, _ = start_parent(
        tmp_path, receive="signal.signal(signal.SIGTERM, signal.SIG_DFL); os.kill(os.getpid(), 15)"
    )
    parent.send_signal(signal.SIGINT)
    said, code = end_of(parent, tmp_path)
    assert (said.partition(".")[0], code) == ("stopped at SIGINT (the child ended with -15)", 75)


def test_one_ctrl_c_that_arrives_twice_is_one_request(tmp_path: Path) -> None:
    parent, _ = start_parent(tmp_path, code=75)
    parent.send_signal(signal.SIGINT)
    assert wait_for((tmp_path / "asked").exists)
    parent.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    assert end_of(parent, tmp_path) == ("returned", 75)


def test_a_second_signal_kills_a_child_that_will_not_stop(tmp_path: Path) -> None:
    parent, child = start_parent(tmp_path, one_request=-1.0)
    parent.send_signal(signal.SIGINT)
    assert wait_for((tmp_path / "asked").exists)
    parent.send_signal(signal.SIGINT)
    said, code = end_of(parent, tmp_path)
    assert (said.partition(":")[0], code) == ("stopped at SIGINT (the second one", 75)
    assert not is_running(child)


def test_as_many_files_as_the_system_allows_may_be_open() -> None:
    code = """
import resource
from cpt_pipeline.core.process import allow_many_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
allow_many_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
