"""Programs of characters, forks and assertions, run over a path in time linear in its length.

A program is a Thompson NFA (https://swtch.com/~rsc/regexp/regexp1.html): one walks it with the set of all positions
that are possible, and never back. The sets become the states of an automaton, made when a path first needs them and
then remembered, so that a character costs a look into a dictionary.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Test = Callable[[str], bool]
    #: asks for what is on the two sides of a position: EDGE, WORD or OTHER
    Condition = Callable[[str, str], bool]

MAX_REMEMBERED = 20_000

EDGE, WORD, OTHER = "edge", "word", "other"


def start(program: list[Operation]) -> State:
    """The state before the first character."""
    return _Machine(program).state(frozenset((0,)), EDGE)


class State(dict[str, "State"]):
    """What is known of a path so far: `state[char]` is the state after one more character."""

    __slots__ = ("_before", "_machine", "_positions", "accepts")

    def __init__(self, machine: _Machine, positions: frozenset[int], before: str) -> None:
        self._machine = machine
        self._positions = positions
        self._before = before
        #: whether a path that ends here matches
        self.accepts = machine.end in machine.reach(positions, before, EDGE)

    def __missing__(self, char: str) -> State:
        state = self._machine.step(self._positions, self._before, char)
        if self._machine.remember(1):
            self[char] = state
        return state


class _Machine:
    """All states of one program. A position is an index into the program; the one at its end is a match."""

    __slots__ = ("_program", "_room", "_states", "end")

    def __init__(self, program: list[Operation]) -> None:
        self._program = program
        self._states: dict[tuple[frozenset[int], str], State] = {}
        self._room = MAX_REMEMBERED
        self.end = len(program)

    def remember(self, size: int) -> bool:
        """Whether there is room for so much more. What has no room is made again when it is needed again."""
        self._room -= size
        return self._room >= 0

    def state(self, positions: frozenset[int], before: str) -> State:
        """The state at these positions, after what `before` says."""
        state = self._states.get((positions, before))
        if state is None:
            state = State(self, positions, before)
            if self.remember(len(positions)):
                self._states[positions, before] = state
        return state

    def step(self, positions: frozenset[int], before: str, char: str) -> State:
        """The state after one more character."""
        kind = WORD if char.isascii() and (char.isalnum() or char == "_") else OTHER
        reached = self.reach(positions, before, kind)
        if self.end in reached:
            return self.state(frozenset((self.end,)), OTHER)
        moved = {position + 1 for position in reached if self._program[position].takes(char)}
        # Go searches: what is not tied to "^" may match from any character on.
        moved.add(0)
        return self.state(frozenset(moved), kind)

    def reach(self, positions: Iterable[int], before: str, after: str) -> set[int]:
        """All positions that can be had between two characters."""
        reached: set[int] = set()
        pending = list(positions)
        while pending:
            position = pending.pop()
            if position not in reached:
                reached.add(position)
                ways = self._program[position].ways(before, after) if position < self.end else ()
                if ways:
                    pending += [position + way for way in ways]
        return reached


class Operation:
    """One step of a program: it takes a character and goes on to the next one."""

    __slots__ = ("takes",)

    def __init__(self, takes: Test) -> None:
        self.takes = takes

    def ways(self, before: str, after: str) -> tuple[int, ...]:
        """Where one can go without a character, as distances."""
        del before, after
        return ()


class Fork(Operation):
    """Goes on in several ways."""

    __slots__ = ("_ways",)

    def __init__(self, *ways: int) -> None:
        super().__init__(_nothing)
        self._ways = ways

    def ways(self, before: str, after: str) -> tuple[int, ...]:
        """Where one can go without a character, as distances."""
        del before, after
        return self._ways


class Assertion(Operation):
    """Goes on where a condition holds."""

    __slots__ = ("_condition",)

    def __init__(self, condition: Condition) -> None:
        super().__init__(_nothing)
        self._condition = condition

    def ways(self, before: str, after: str) -> tuple[int, ...]:
        """Where one can go without a character, as distances."""
        return (1,) if self._condition(before, after) else ()


def _nothing(char: str) -> bool:
    del char
    return False
