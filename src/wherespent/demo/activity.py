"""How much of one workload happens in each hour of a day: drawn from (seed, series, day) alone."""

import hashlib
import math

from wherespent.demo.source import DAY, HOUR
from wherespent.demo.workloads import Mix, Shape, Workload

YEAR = 365.0
LAUNCH_DAY = -121
MONDAY_OFFSET = 3
"""1970-01-01 was a Thursday."""

_OFFICE = (2, 1, 1, 1, 2, 6, 18, 44, 78, 96, 100, 94, 76, 88, 98, 96, 84, 62, 40, 26, 18, 12, 7, 4)
_EVENING = (
    34,
    26,
    18,
    12,
    8,
    6,
    6,
    8,
    12,
    20,
    28,
    36,
    44,
    52,
    62,
    72,
    82,
    92,
    100,
    98,
    90,
    78,
    62,
    46,
)
_ALWAYS = (
    46,
    42,
    40,
    38,
    40,
    46,
    56,
    68,
    84,
    94,
    98,
    100,
    96,
    98,
    100,
    98,
    94,
    88,
    80,
    74,
    68,
    62,
    56,
    50,
)
_NIGHTLY = (0, 60, 100, 100, 90, 30, *(0,) * 18)
_RARE = (0, 0, 0, 0, 0, 0, 0, 10, 60, 100, 100, 70, 30, 90, 100, 100, 80, 50, 20, 10, 20, 15, 0, 0)

HOURS: dict[Shape, tuple[float, ...]] = {
    "office": tuple(each / 100 for each in _OFFICE),
    "evening": tuple(each / 100 for each in _EVENING),
    "always": tuple(each / 100 for each in _ALWAYS),
    "nightly": tuple(each / 100 for each in _NIGHTLY),
    "weekly": tuple(each / 100 for each in _NIGHTLY),
    "rare": tuple(each / 100 for each in _RARE),
}
WEEKDAYS: dict[Shape, tuple[float, ...]] = {
    "office": (1.0, 1.06, 1.05, 1.0, 0.88, 0.22, 0.18),
    "evening": (0.86, 0.88, 0.92, 0.96, 1.0, 1.1, 1.04),
    "always": (1.0, 1.03, 1.04, 1.0, 0.96, 0.72, 0.68),
    "nightly": (0.9, 1.0, 1.0, 1.0, 1.0, 0.55, 0.3),
    "weekly": (0, 0, 0, 0, 0, 0, 1.0),
    "rare": (1.0, 0.9, 1.0, 0.8, 0.6, 0.0, 0.0),
}

# How often in an hour work swells, and by how much; together less than all of it, or a minute
# could have less than nothing.
_WAVES = ((3, 0.22), (11, 0.25), (26, 0.3))
_FINE = 1_000_000_000

HourLeaves = list[tuple[int, tuple[int, ...]]]


def hours_of(workload: Workload, seed: int, day: int, offset: int) -> HourLeaves:
    """(hour, leaves) of every busy hour; `day` in days since 1970, `offset` from the anchor."""
    life = _life(workload, offset)
    weekday = WEEKDAYS[workload.shape][(day + MONDAY_OFFSET) % 7]
    if life <= 0 or weekday <= 0:
        return []
    noise = hashlib.blake2b(f"{seed}|{workload.name}|{day}".encode(), digest_size=64).digest()
    volume = workload.per_hour * life * weekday * _growth(offset) * (0.88 + noise[48] / 1060)
    if workload.launch:
        volume *= _launch(offset)
    if workload.shape == "rare" and noise[49] < 90:
        return []
    found: HourLeaves = []
    for hour, share in enumerate(HOURS[workload.shape]):
        requests = int(volume * share * (0.8 + noise[hour] / 638) + noise[24 + hour] / 256)
        if requests:
            jitter = 0.9 + noise[24 + hour] / 1275
            found.append((hour, _leaves(workload, requests, jitter, offset)))
    return found


def stock_at(workload: Workload, second: int, anchor: int) -> int:
    """Bytes stored at one moment: a slow climb with weekly clean-ups."""
    days = (second - anchor) / DAY
    life = _life(workload, math.floor(days))
    if life <= 0:
        return 0
    climb = 1 + 0.9 * (days + YEAR) / YEAR
    in_week = (second // HOUR) % 168 / 168
    return int(max(climb, 0.2) * workload.units * life * (0.97 + 0.03 * in_week))


def part(leaves: tuple[int, ...], start: int, end: int) -> tuple[int, ...]:
    """The share of an hour between two of its seconds; adjoining shares add up exactly."""
    if start == 0 and end == HOUR:
        return leaves
    first, last = _passed(start, sum(leaves)), _passed(end, sum(leaves))
    return tuple([value * last // _FINE - value * first // _FINE for value in leaves])


def _passed(second: int, volume: int) -> int:
    """How much of an hour's work is done by then, of `_FINE`: minutes differ, as they do."""
    if second in (0, HOUR):
        return second * _FINE // HOUR
    turn = 2 * math.pi * second / HOUR
    waves = sum(
        height / times * (math.sin(turn * times + volume % 97) - math.sin(volume % 97))
        for times, height in _WAVES
    )
    return int(_FINE * (second / HOUR + waves / (2 * math.pi)))


def _growth(offset: int) -> float:
    # Doubles over the year and levels off, so that a clock that runs on stays plausible.
    return 0.75 + 1.15 / (1 + math.exp(-(offset + 110) / 95))


def _launch(offset: int) -> float:
    since = offset - LAUNCH_DAY
    return 1.0 if since < 0 else 1.0 + 2.6 * math.exp(-since / 4.5)


def _life(workload: Workload, offset: int) -> float:
    rising = (offset - workload.starts + 1) / workload.ramp
    # A successor ramps up from its first day; its predecessor fades over the same days.
    falling = (workload.ends + workload.ramp - offset) / workload.ramp
    return max(0.0, min(1.0, rising, falling))


def _leaves(workload: Workload, requests: int, jitter: float, offset: int) -> tuple[int, ...]:
    if workload.mix is not None:
        return _tokens(workload.mix, requests, jitter, offset)
    if workload.stream in {"code_interpreter_sessions", "file_search_calls"}:
        return (requests,)
    return max(requests, int(requests * workload.units * jitter)), requests


def _tokens(mix: Mix, requests: int, jitter: float, offset: int) -> tuple[int, ...]:
    total = int(requests * mix.input * jitter)
    out = int(requests * mix.output * (1.9 - jitter))
    first, last = mix.cached
    share = first + (last - first) * min(max((offset + YEAR) / YEAR, 0.0), 1.1)
    cached, written = int(total * share), int(total * mix.written)
    rest = total - cached - written
    w_12h = written * 3 // 10 if offset >= -45 else 0
    if not mix.audio and not mix.image:
        return rest, 0, 0, cached, 0, 0, written - w_12h, w_12h, out, 0, 0, requests
    audio, image, c_audio = int(rest * mix.audio), int(rest * mix.image), int(cached * mix.audio)
    c_image, o_audio = int(cached * mix.image), int(out * mix.audio)
    return (
        rest - audio - image,
        audio,
        image,
        cached - c_audio - c_image,
        c_audio,
        c_image,
        written - w_12h,
        w_12h,
        out - o_audio,
        o_audio,
        0,
        requests,
    )
