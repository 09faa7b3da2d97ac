import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpt_pipeline.extraction.sandbox import Sandbox, SandboxError

_HELD: list[bytearray] = []


class TwoPartError(Exception):
    """Can be pickled but not read back: its arguments are not those of its __init__."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def give(value: object) -> object:
    return value


def whoami() -> int:
    return os.getpid()


def fail(message: str) -> None:
    raise KeyError(message)


def fail_unreadably() -> None:
    raise TwoPartError("a", "b")


def spin() -> None:
    while True:
        pass


def crash() -> None:
    ctypes.string_at(0)


def hold(num_bytes: int) -> int:
    _HELD.append(bytearray(num_bytes))  # a library that leaks
    return sum(map(len, _HELD))


def chatter() -> str:
    os.write(1, b"warning: this file is odd\n")
    sys.stdout.write("another\n")
    sys.stdout.flush()
    return "done"


def say_goodbye() -> None:
    raise SystemExit(0)


def work_in_a_daemon() -> int:
    with Sandbox() as sandbox:
        return len(str(sandbox.call(give, "abc")))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=3.0, memory_bytes=512 << 20) as made:
        yield made


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_calls_share_one_child_that_is_not_this_process(sandbox: Sandbox) -> None:
    first = sandbox.call(whoami)
    assert first == sandbox.call(whoami) != os.getpid()


def test_large_arguments_and_results_pass_whole(sandbox: Sandbox) -> None:
    value = {"text": "汉字" * 1_000_000, "raw": bytes(range(256)) * 10_000}
    assert sandbox.call(give, value) == value


def test_an_exception_of_the_function_comes_back_as_itself_and_keeps_the_child(sandbox: Sandbox) -> None:
    child = sandbox.call(whoami)
    with pytest.raises(KeyError, match="no such page"):
        sandbox.call(fail, "no such page")
    assert sandbox.call(whoami) == child


def test_an_exception_that_cannot_be_read_back_is_reported(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="TwoPartError: ab"):
        sandbox.call(fail_unreadably)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        (spin, (), "parser_timeout"),
        (time.sleep, (60,), "parser_timeout"),
        (bytearray, (1 << 30,), "parser_memory"),
        (crash, (), "parser_crash"),
        (say_goodbye, (), "parser_crash"),
    ],
)
def test_a_call_that_does_not_end_by_itself_costs_one_call(
    function: object, arguments: tuple[object, ...], reason: str
) -> None:
    assert callable(function)
    with Sandbox(seconds=0.2, memory_bytes=512 << 20) as sandbox:
        before = sandbox.call(whoami)
        with pytest.raises(SandboxError) as caught:
            sandbox.call(function, *arguments)
        assert caught.value.reason == reason
        assert not is_running(before)
        assert sandbox.call(give, "next") == "next"


def test_what_earlier_calls_left_in_memory_excludes_no_later_file(sandbox: Sandbox) -> None:
    assert [sandbox.call(hold, 200 << 20) for _ in range(3)] == [200 << 20, 400 << 20, 200 << 20]


def test_output_of_a_parser_is_not_taken_for_its_answer(sandbox: Sandbox) -> None:
    assert sandbox.call(chatter) == "done"


def test_closing_ends_the_child_and_a_later_call_starts_another(sandbox: Sandbox) -> None:
    first = sandbox.call(whoami)
    sandbox.close()
    assert not is_running(first)
    assert sandbox.call(whoami) != first


def test_a_forgotten_sandbox_leaves_no_child() -> None:
    made = Sandbox()
    child = made.call(whoami)
    del made
    assert not is_running(child)


def test_a_pickled_sandbox_starts_its_own_child(sandbox: Sandbox) -> None:
    child = sandbox.call(whoami)
    with pickle.loads(pickle.dumps(sandbox)) as copy:
        assert copy.call(whoami) != child
    assert sandbox.call(whoami) == child


def test_after_a_fork_each_process_has_its_own_child(sandbox: Sandbox) -> None:
    child = sandbox.call(whoami)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if sandbox.call(whoami) != child else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert sandbox.call(whoami) == child


def test_a_daemonic_worker_may_have_a_sandbox() -> None:
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(work_in_a_daemon) == 3


def test_a_killed_parent_leaves_no_child() -> None:
    program = (
        "import os, time; from cpt_pipeline.extraction.sandbox import Sandbox; "
        "s = Sandbox(); print(s.call(os.getpid), flush=True); s.call(time.sleep, 60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        time.sleep(0.5)  # now it sleeps in a call, where the end of its pipe does not wake it
        parent.send_signal(signal.SIGKILL)
    for _ in range(200):
        if not is_running(child):
            return
        time.sleep(0.05)
    pytest.fail(f"process {child} outlived its parent by 10 s")
