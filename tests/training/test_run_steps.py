"""The loop of steps: what each answer of an observer does."""

from __future__ import annotations

from typing import Any

from cpt_pipeline.training.loop import Next, Observer, TrainState, run_steps


class Answers(Observer):
    """Answers by the number of finished steps, and remembers the blocks that ended."""

    def __init__(self, answers: dict[int, Next]) -> None:
        self.answers = answers
        self.blocks: list[tuple[int, list[int]]] = []

    def start(self, state: TrainState) -> Next:
        return self.answers.get(state.step, Next.GO_ON)

    def after_step(self, state: TrainState, row: dict[str, Any]) -> Next:
        assert row == {"step": state.step}
        return self.answers.get(state.step, Next.GO_ON)

    def end_block(self, state: TrainState) -> None:
        self.blocks.append((state.step, list(state.skipped)))


def take(step: int) -> dict[str, Any]:
    return {"step": step + 1}


def test_a_step_back_is_noted_before_a_block_of_another_observer_ends() -> None:
    state, blocks = TrainState(), Answers({2: Next.END_BLOCK, 4: Next.END_BLOCK})
    assert run_steps(take, 5, state, [blocks, Answers({2: Next.STEP_BACK})])
    assert (state.step, state.skipped) == (5, [2])
    assert blocks.blocks == [(2, [2]), (4, [2])]


def test_a_stop_ends_the_start_and_the_last_step_ends_the_run() -> None:
    state = TrainState()
    assert not run_steps(take, 3, state, [Answers({0: Next.STOP})])
    assert state.step == 0
    assert not run_steps(take, 3, state, [Answers({2: Next.STOP})])
    assert state.step == 2
    assert run_steps(take, 3, state, [Answers({3: Next.STOP})])
    assert run_steps(take, 3, state, [Answers({3: Next.STOP})])
