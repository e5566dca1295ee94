"""How looks at one person become a decision, and when the next look is worth its time.

A look is a vote that weighs how sure the classifier is and how large the face is. Once enough votes agree the person is
decided, and stays decided until the votes turn. Unsure looks weigh nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.records import Verdict, VerdictKind
from edge.settings import Tracking

_FULL_WEIGHT_PX = 48.0
_LEAST_SIZE_WEIGHT = 0.25
"""Side from which a face's votes count in full; below it they count in proportion, down to a quarter."""

_ENOUGH_EVIDENCE = 1.5
_OLDEST_S = 6.0
"""Where the votes of the window weigh less than so many times what a decision needs, older ones help: people far away,
slow cameras, and people who are only looked at now and then. None older than this, unless there are fewer votes than
could ever decide."""

_DOUBT_WINDOWS = 2
_DOUBTS = 4
"""Somebody about whom so many looks in a row, over so many windows, said nothing is undecided again."""

_QUICKER = 4
"""How many times more often than usual somebody is looked at whose decision is young or was close."""

_CLOSE_SURENESS = 0.85
_LAST_VOTES = 3
"""A contrary vote among so many last ones calls for a look at every frame."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One look: when, what it said, how sure it was (0.5..1), and how much it weighs (0..1)."""

    at_s: float
    kind: VerdictKind
    label: str
    sureness: float
    weight: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is thought of a person, since when, and why.

    `judged_s` is when it was last looked at, `sure_s` when a look last said something, `doubts` how many looks in a row
    said nothing.
    """

    kind: VerdictKind = VerdictKind.UNSURE
    label: str = ""
    decided_s: float = float("-inf")
    judged_s: float = float("-inf")
    sure_s: float = float("-inf")
    doubts: int = 0
    votes: tuple[Vote, ...] = ()


def add_vote(opinion: Opinion, verdict: Verdict, now_s: float, config: Tracking) -> Opinion:
    """Return the opinion after a look at `now_s` (monotonic seconds)."""
    unsure = verdict.kind is VerdictKind.UNSURE
    vote = Vote(now_s, verdict.kind, verdict.label, verdict.sureness, weigh(verdict))
    votes = _recent((*opinion.votes, vote), now_s, config)
    sure_s = opinion.sure_s if unsure and opinion.judged_s > float("-inf") else now_s
    doubts = opinion.doubts + 1 if unsure else 0
    if doubts >= _DOUBTS and now_s - sure_s > _DOUBT_WINDOWS * config.window_s:
        return Opinion(VerdictKind.UNSURE, "", opinion.decided_s, now_s, sure_s, doubts)
    kind, label = _count(votes, config) or (opinion.kind, opinion.label)
    decided_s = opinion.decided_s if kind is opinion.kind else now_s
    return Opinion(kind, label, decided_s, now_s, sure_s, doubts, votes)


def weigh(verdict: Verdict) -> float:
    """Return how much a look counts, 0..1: its margin over "could be either", times the size of the face."""
    if verdict.kind is VerdictKind.UNSURE:
        return 0.0
    box = verdict.face.box
    size = min(1.0, max(_LEAST_SIZE_WEIGHT, max(box.width, box.height) / _FULL_WEIGHT_PX))
    return size * max(2 * verdict.sureness - 1, 0.0)


def rest_s(opinion: Opinion, found_s: float, now_s: float, config: Tracking) -> float:
    """Return how long after the last look the next one is due; 0 is at once.

    `found_s` is when the face was first seen, or seen again after a gap: it may be somebody else then.
    """
    if opinion.kind is VerdictKind.UNSURE:
        return config.recheck_s / _QUICKER if opinion.doubts > _DOUBTS else 0.0
    last = opinion.votes[-_LAST_VOTES:]
    if any(vote.kind not in (opinion.kind, VerdictKind.UNSURE) for vote in last):
        return 0.0
    young = now_s - max(opinion.decided_s, found_s) < config.window_s
    if young or opinion.doubts or last[-1].sureness < _CLOSE_SURENESS:
        return config.recheck_s / _QUICKER
    return config.recheck_s


def _recent(votes: Sequence[Vote], now_s: float, config: Tracking) -> tuple[Vote, ...]:
    """Return the votes of the window, and older ones where these are too few to decide anything."""
    kept, weight = 0, 0.0
    wanted = _ENOUGH_EVIDENCE * config.min_evidence
    for vote in reversed(votes):
        age_s = now_s - vote.at_s
        too_old = age_s > _OLDEST_S and kept >= wanted  # a vote weighs 1 at most
        if age_s > config.window_s and (weight >= wanted or too_old):
            break
        kept, weight = kept + 1, weight + vote.weight
    return tuple(votes[-kept:])


def _count(votes: Sequence[Vote], config: Tracking) -> tuple[VerdictKind, str] | None:
    """Return the kind and label on which enough votes agree, None when they do not."""
    total = sum(vote.weight for vote in votes)
    if total < config.min_evidence:
        return None
    for kind in (VerdictKind.MASKED, VerdictKind.UNMASKED):
        agreeing = [vote for vote in votes if vote.kind is kind]
        if sum(vote.weight for vote in agreeing) >= config.turn_at * total:
            return kind, max(agreeing, key=lambda vote: vote.weight).label
    return None
