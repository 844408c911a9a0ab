"""Every provider's streams, by name: a new provider adds its line here."""

from wherespent.domain.streams import Stream
from wherespent.providers.openai.streams import STREAMS as OPENAI_STREAMS

STREAMS: dict[str, Stream] = {stream.name: stream for stream in (*OPENAI_STREAMS,)}


def find_stream(name: str) -> Stream | None:
    """A stream by its full name, by the part after the provider, or by its last part."""
    for stream in STREAMS.values():
        if name in (stream.name, stream.name.split(".", 1)[1], stream.short_name):
            return stream
    return None
