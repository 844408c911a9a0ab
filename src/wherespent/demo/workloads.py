"""What the simulated company runs: every series, its volume and when it begins and ends."""

from dataclasses import dataclass, replace
from typing import Literal

from wherespent.demo.people import KEYS, key_id, make_id, project_id, user_id
from wherespent.demo.source import Group

Shape = Literal["office", "always", "evening", "nightly", "weekly", "rare"]
ALWAYS = 100_000
SOL, V55, V52 = "gpt-5.6-sol", "gpt-5.5-2026-04-23", "gpt-5.2-2025-12-11"
MINI, O4 = "gpt-5.2-mini", "o4-mini-2025-04-16"
V41, V41_MINI = "gpt-4.1-2025-04-14", "gpt-4.1-mini-2025-04-14"
AUDIO, AUDIO_OLD = "gpt-audio-mini-2025-12-15", "gpt-4o-audio-preview-2025-06-03"
TUNED = "ft:gpt-4.1-mini-2025-04-14:kestrel::Bq7"
CACHE_WRITERS = {SOL, V55, MINI}
"""Older models do not bill for writing to the cache."""
_OWNERS = {key.slug: key for key in KEYS}


@dataclass(frozen=True)
class Mix:
    """How the tokens of one request divide."""

    input: int
    output: int
    cached: tuple[float, float] = (0.15, 0.45)
    """Share of input read from the cache, a year before the anchor and at it."""
    written: float = 0.0
    audio: float = 0.0
    image: float = 0.0


@dataclass(frozen=True)
class Workload:
    """One series: its dimensions, its requests in a busy hour and its life in days."""

    stream: str
    dims: Group
    per_hour: float
    shape: Shape = "office"
    units: float = 1.0
    """Measure per request, for streams that are not completions."""
    mix: Mix | None = None
    starts: int = -ALWAYS
    ends: int = ALWAYS
    ramp: int = 1
    launch: bool = False
    long_context: int = 0

    @property
    def name(self) -> str:
        """What the series' randomness is drawn from."""
        return f"{self.stream}|{self.dims}"


SUPPORT_MIX = Mix(2_900, 420, (0.20, 0.62), written=0.06)
ROUTER_MIX = Mix(900, 40, (0.10, 0.50))
BATCH_MIX = Mix(6_200, 700, (0.05, 0.20))
CODE_MIX = Mix(9_500, 900, (0.35, 0.74), written=0.09)
CHAT_MIX = Mix(1_600, 520)
VISION_MIX = Mix(1_900, 380, (0.05, 0.2), image=0.55)
VOICE_MIX = Mix(1_100, 520, (0.1, 0.45), audio=0.7)
AGENT_MIX = Mix(14_000, 1_100, (0.45, 0.78), written=0.12)

# (model, first day, last day, ramp): the models that one job moved through.
TO_SOL = ((V41, -ALWAYS, -318, 10), (V52, -318, -70, 14), (SOL, -70, ALWAYS, 14))
TO_55 = ((V41, -ALWAYS, -185, 12), (V55, -185, ALWAYS, 12))
SMALL = ((V41_MINI, -ALWAYS, -240, 20), (MINI, -240, ALWAYS, 20))


def _who(key: str) -> tuple[str, str, str]:
    owner = _OWNERS[key]
    return project_id(owner.project), user_id(owner.owner), key_id(key)


def _chat(
    key: str,
    models: tuple[tuple[str, int, int, int], ...],
    per_hour: float,
    mix: Mix,
    shape: Shape = "office",
    *,
    batch: bool = False,
    tier: str = "default",
    source: str = "unlabeled",
    stream: str = "completions",
    launch: bool = False,
    long_context: int = 0,
) -> list[Workload]:
    who, born = _who(key), _OWNERS[key].created
    return [
        Workload(
            stream,
            (*who, model, batch, tier, source),
            per_hour,
            shape,
            mix=mix if model in CACHE_WRITERS else replace(mix, written=0.0),
            starts=max(starts, born),
            ends=ends,
            ramp=ramp,
            launch=launch,
            long_context=long_context,
        )
        for model, starts, ends, ramp in models
        if ends > born
    ]


def _only(
    model: str, starts: int = -ALWAYS, ends: int = ALWAYS, ramp: int = 3
) -> tuple[tuple[str, int, int, int], ...]:
    return ((model, starts, ends, ramp),)


def _unattributed() -> list[Workload]:
    lab, support = project_id("lab"), project_id("support")
    playground = (lab, user_id("deepak"), None, SOL, False, "default", "unlabeled")
    untracked = (support, None, None, V41_MINI, False, "default", "unlabeled")
    bundle = (None, None, None, V52, False, "default", None)
    return [
        Workload("completions", playground, 14, mix=CHAT_MIX, starts=-75),
        Workload("completions", untracked, 30, "always", mix=ROUTER_MIX, ends=-150, ramp=30),
        Workload("completions", bundle, 26, "always", mix=CHAT_MIX, starts=-310, ends=-40),
    ]


def _completions() -> list[Workload]:
    return [
        *_chat("support-prod-eu", TO_SOL, 980, SUPPORT_MIX, launch=True),
        *_chat("support-prod-us", TO_SOL, 620, SUPPORT_MIX, "evening", launch=True),
        *_chat("support-prod-eu", SMALL, 1_500, ROUTER_MIX, launch=True),
        *_chat("support-prod-us", SMALL, 900, ROUTER_MIX, "evening", launch=True),
        *_chat(
            "support-prod-us",
            _only(SOL, -128, -112),
            300,
            SUPPORT_MIX,
            "evening",
            tier="priority",
            launch=True,
        ),
        *_chat("support-staging", TO_SOL, 18, SUPPORT_MIX),
        *_chat("support-old-2024", _only(V41, -ALWAYS, -290, 8), 160, SUPPORT_MIX, "always"),
        *_chat("search-prod", SMALL, 2_200, ROUTER_MIX, "always"),
        *_chat("search-prod", _only(TUNED, -200), 700, ROUTER_MIX, "always"),
        *_chat("search-prod", TO_SOL, 110, CHAT_MIX, "always"),
        *_chat("deepak-notebook", _only(O4), 12, CHAT_MIX),
        *_chat("documents-nightly", TO_55, 1_250, BATCH_MIX, "nightly", batch=True),
        *_chat("documents-nightly", SMALL, 2_600, BATCH_MIX, "nightly", batch=True),
        *_chat("documents-nightly", _only(O4, -220), 420, BATCH_MIX, "nightly", tier="flex"),
        *_chat("documents-online", TO_55, 85, VISION_MIX),
        *_chat("documents-online", _only(SOL, -52), 60, VISION_MIX),
        *_chat(
            "documents-migration", _only(V41, -340, -322, 2), 640, BATCH_MIX, "always", batch=True
        ),
        *_chat("voice-prod", _only(AUDIO, -290, ramp=30), 260, VOICE_MIX, "evening"),
        *_chat("voice-prod", _only(MINI, -220), 300, CHAT_MIX, "evening"),
        *_chat("voice-pilot", _only(AUDIO_OLD, -300, -255, 10), 40, VOICE_MIX),
        *_chat("copilot-hannah", TO_55, 46, CODE_MIX),
        *_chat("copilot-ivan", TO_55, 58, CODE_MIX),
        *_chat("copilot-julia", TO_55, 39, CODE_MIX),
        *_chat("copilot-kenji", _only(V55), 52, CODE_MIX),
        *_chat("copilot-kenji", _only(SOL, -60), 24, CODE_MIX, tier="priority", long_context=18),
        *_chat("copilot-ivan", _only(SOL, -62), 31, CODE_MIX, tier="priority", long_context=22),
        *_chat("copilot-ci", _only(O4), 210, CODE_MIX, "always", tier="flex"),
        *_chat("copilot-ci", SMALL, 120, CODE_MIX, "always"),
        *_chat("lab <gpu&evals>", TO_SOL, 60, CHAT_MIX, "rare"),
        *_chat("lab <gpu&evals>", _only(V55, -200), 220, AGENT_MIX, "weekly", batch=True),
        *_chat("lab-laura", _only(O4), 9, CHAT_MIX, "rare"),
        *_chat("lab-laura", _only(V55, -160), 34, AGENT_MIX, "rare"),
        *_chat("lab-thesis", SMALL, 22, CHAT_MIX, "rare"),
        *_chat("marketing-cms", TO_55, 26, CHAT_MIX),
        *_chat("marketing-cms", SMALL, 75, VISION_MIX),
        *_chat("marketing-social", _only(SOL), 18, VISION_MIX),
        *_chat(
            "agents-runner",
            _only(V55, -149, -58, 10),
            210,
            AGENT_MIX,
            "always",
            source="agents_api",
            launch=True,
        ),
        *_chat("agents-runner", _only(SOL, -70), 240, AGENT_MIX, "always", source="agents_api"),
        *_chat("agents-runner", _only(MINI), 380, AGENT_MIX, "always", source="agents_api"),
        *_chat("agents-dev", _only(V55), 14, AGENT_MIX),
        *_chat("prototype", _only(V41, -ALWAYS, -205, 25), 70, CHAT_MIX),
        *_chat("prototype", _only(V41_MINI, -ALWAYS, -200, 25), 120, CHAT_MIX),
        *_chat("hackathon-team-1", _only(V55, -110, -100), 130, AGENT_MIX),
        *_chat("hackathon-team-2", _only(SOL, -110, -100), 150, AGENT_MIX),
        *_chat(
            "agents-runner", _only(SOL, -36, ramp=14), 120, ROUTER_MIX, "always", stream="decisions"
        ),
        *_chat("support-prod-eu", _only(MINI, -33, ramp=14), 260, ROUTER_MIX, stream="decisions"),
        *_unattributed(),
    ]


def _unit(
    stream: str,
    key: str,
    model: str,
    per_hour: float,
    units: float,
    shape: Shape,
    *more: str,
    starts: int = -ALWAYS,
    ends: int = ALWAYS,
) -> Workload:
    born = _OWNERS[key].created
    return Workload(
        stream,
        (*_who(key), model, *more),
        per_hour,
        shape,
        units,
        starts=max(starts, born),
        ends=ends,
        ramp=4,
    )


def _others() -> list[Workload]:
    large, square, wide = "text-embedding-3-large", "1024x1024", "1024x1792"
    flare, made, edited = "gpt-image-2.5-flare", "image.generation", "image.edit"
    store = [make_id("vs_", name) for name in ("handbook", "tickets", "contracts")]
    searches: tuple[tuple[str, int, float, Shape], ...] = (
        ("search-prod", 0, 190, "always"),
        ("search-prod", 1, 260, "always"),
        ("agents-dev", 2, 9, "office"),
    )
    file_search = [
        Workload(
            "file_search_calls", (*_who(key), store[at]), rate, shape, starts=_OWNERS[key].created
        )
        for key, at, rate, shape in searches
    ]
    agents, source = ("agents-runner", "agents_api")
    return [
        _unit("embeddings", "search-prod", large, 2_900, 240, "always"),
        _unit("embeddings", "search-reindex", large, 9_000, 1_900, "weekly"),
        _unit("embeddings", "deepak-notebook", "text-embedding-3-small", 240, 600, "rare"),
        _unit("embeddings", "agents-runner", large, 420, 310, "always"),
        _unit("moderations", "support-prod-eu", "omni-moderation-latest", 980, 130, "office"),
        _unit("moderations", "support-prod-us", "omni-moderation-latest", 620, 130, "evening"),
        _unit("images", "marketing-cms", "gpt-image-1", 26, 1.6, "office", square, made, ends=-120),
        _unit("images", "marketing-cms", flare, 38, 1.8, "office", square, made, starts=-120),
        _unit("images", "marketing-cms", flare, 11, 1.2, "office", wide, edited, starts=-120),
        _unit("images", "marketing-social", flare, 15, 2.4, "evening", wide, made),
        _unit("audio_speeches", "voice-prod", "tts-1-hd", 90, 420, "evening", ends=-150),
        _unit(
            "audio_speeches",
            "voice-prod",
            "gpt-4o-mini-tts-2025-12-15",
            130,
            420,
            "evening",
            starts=-150,
        ),
        _unit("audio_transcriptions", "voice-prod", "whisper-1", 75, 140, "evening"),
        _unit(
            "audio_transcriptions",
            "documents-online",
            "gpt-4o-transcribe",
            10,
            900,
            "office",
            starts=-170,
        ),
        _unit("web_search_calls", agents, V55, 75, 1.5, "always", "medium", source, ends=-58),
        _unit("web_search_calls", agents, SOL, 90, 1.5, "always", "medium", source, starts=-70),
        _unit("web_search_calls", agents, SOL, 22, 2.2, "always", "high", source, starts=-70),
        _unit(
            "web_search_calls",
            "support-prod-eu",
            SOL,
            40,
            1.1,
            "office",
            "low",
            "unlabeled",
            starts=-63,
        ),
        *file_search,
        Workload("code_interpreter_sessions", (project_id("copilot"),), 30, "office"),
        Workload(
            "code_interpreter_sessions", (project_id("agents"),), 42, "always", starts=-149, ramp=10
        ),
        Workload("vector_stores", (project_id("search"),), 0, units=46e9),
        Workload("vector_stores", (project_id("agents"),), 0, units=9e9, starts=-149, ramp=60),
        Workload("vector_stores", (project_id("lab"),), 0, units=2.1e9),
    ]


WORKLOADS: tuple[Workload, ...] = (*_completions(), *_others())
