"""The framework of the benchmarks: interrupted and failing questions, comparisons, goals."""

from collections.abc import Iterator

import msgspec
import pytest

from letrade.bench.framework.compare import throughput_result
from letrade.bench.framework.duet import Throughput
from letrade.bench.framework.history import compare_with
from letrade.bench.framework.page import page_of
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_least, at_most, share_of_floor, times_floor, times_peer
from letrade.bench.framework.suite import Suite

RUN = Run(client="nats-py", quick=True)


def _result(name: str = "a", value: float = 100.0, **more: object) -> Result:
    return Result(name=name, value=value, unit="msg/s", checked=True, **more)  # type: ignore[arg-type]


def _interrupted(run: Run) -> Iterator[Result]:
    yield _result("before")
    raise KeyboardInterrupt


def _failing(run: Run) -> Iterator[Result]:
    yield _result("half")
    raise ValueError("no such luck")


def _fine(run: Run) -> Iterator[Result]:
    yield _result("fine")


def test_ctrl_c_keeps_the_answers_until_then_and_asks_no_more() -> None:
    suite = Suite(RUN, None)
    suite.ask([Question("one", "?", _interrupted), Question("two", "?", _fine)])
    report = suite.report()
    assert [each["name"] for each in report["results"]] == ["before"]
    assert report["interrupted"] is True


def test_a_question_that_fails_is_told_and_the_others_are_asked() -> None:
    suite = Suite(RUN, None)
    suite.ask([Question("one", "?", _failing), Question("two", "?", _fine)])
    report = suite.report()
    assert [each["name"] for each in report["results"]] == ["half", "fine"]
    assert [each["question"] for each in report["failures"]] == ["one"]
    assert "no such luck" in report["failures"][0]["error"]
    assert not suite.is_right
    assert "no such luck" in page_of(report)


def test_a_ratio_above_one_is_better_whichever_way_the_value_goes() -> None:
    faster = _result(value=300.0, peer="p", peer_value=100.0, floor=400.0).judge(())
    assert (faster.ratio, faster.share_of_floor) == (3.0, 0.75)
    sooner = _result(value=50.0, better="lower", peer="p", peer_value=100.0, floor=25.0).judge(())
    assert (sooner.ratio, sooner.share_of_floor) == (2.0, 0.5)


def test_a_change_above_zero_is_better_whichever_way_the_value_goes() -> None:
    faster, sooner = _result("a", 120.0), _result("b", 50.0, better="lower")
    compare_with([faster, sooner], {"a": 100.0, "b": 100.0})
    assert (faster.change, sooner.change) == (0.2, 1.0)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (at_least(100, "msg/s"), True), (at_least(101, "msg/s"), False), (at_most(99, "us"), False),
        (times_peer(2.0), True), (times_peer(2.1), False), (share_of_floor(0.5), True), (share_of_floor(0.6), False),
        (times_floor(2.0), True), (times_floor(1.5), False),
    ],
)  # fmt: skip
def test_a_goal_is_met_or_not(goal: Goal, met: bool) -> None:
    result = _result(value=100.0, peer="p", peer_value=50.0, floor=200.0).judge((goal,))
    assert result.goal_met is met


def test_a_wrong_answer_meets_no_goal() -> None:
    result = Result(name="a", value=1e9, unit="msg/s", checked=False).judge((at_least(1, "msg/s"),))
    assert result.goal_met is False


def test_a_peer_that_lost_messages_is_left_out_and_that_is_said() -> None:
    own = Throughput(
        per_second=100.0, cpu_us=1.0, checked=True, count=10, seconds=0.1, hash="", cores_used={"receiver": 0.5}
    )
    lossy = msgspec.structs.replace(own, checked=False)
    result = throughput_result(RUN, "a", own, lossy, own, (times_peer(1.0),), "all")
    assert result.checked
    assert result.peer_value is None
    assert result.note is not None
    assert "nats-py" in result.note
    assert (result.share_of_floor, result.goal_met) == (1.0, False)
