"""Every error that wherespent raises on purpose, each with a message that says what to do.

WherespentError
├── ConfigurationError         a setting is wrong or missing
├── QuestionRefused            a question that the data cannot answer (exit code 2)
├── NameRefused                a name that cannot be given: empty, too long or taken
├── StorageError               the database is unreachable, locked or at the wrong version
└── ProviderError              the provider's API did not give what was asked
    ├── KeyRefused             401, or a key without the scope: stop asking, tell the person
    │   └── OtherOrganization  the key is good, but not one of the organization that is stored
    ├── EndpointUnsupported    404: this organization does not have the endpoint
    ├── RequestRefused         400: the request itself, with `param` and `code`
    │   ├── HistoryLimit       the window begins before the provider's history
    │   └── KeyGroupingFloor   grouping by API key is not offered that far back
    ├── MalformedAnswer        an answer that breaks the contract (cut JSON, HTML, a cursor loop)
    ├── ProviderUnavailable    refused connections, 429 and 5xx after the last retry
    └── SyncStopped            the process is shutting down
"""

from datetime import datetime


class WherespentError(Exception):
    """Base of all errors that are shown to a person without a traceback."""


class ConfigurationError(WherespentError):
    """A setting is wrong or missing; the message names it and what is accepted."""


class QuestionRefused(WherespentError):
    """The question cannot be answered from this data; the message gives the reason."""


class NameRefused(WherespentError):
    """A name that a person chose cannot be given; the message gives the reason."""


class StorageError(WherespentError):
    """The database cannot be used; the message says what to do."""


class ProviderError(WherespentError):
    """The provider's API did not give what was asked."""


class KeyRefused(ProviderError):
    """The key is unknown, revoked, of the wrong kind or lacks a scope. Not retried.

    `is_unknown`: no endpoint will take it; else other endpoints may.
    """

    def __init__(self, message: str, *, is_unknown: bool = False) -> None:
        super().__init__(message)
        self.is_unknown = is_unknown


class OtherOrganization(KeyRefused):
    """The key belongs to an organization that must not be mixed into this account."""

    def __init__(self, message: str) -> None:
        super().__init__(message, is_unknown=True)


class EndpointUnsupported(ProviderError):
    """The organization does not have this endpoint."""


class RequestRefused(ProviderError):
    """HTTP 400. `param` and `code` are the provider's own words, '' when it sent none."""

    def __init__(self, message: str, *, param: str = "", code: str = "") -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class HistoryLimit(RequestRefused):
    """The window begins too early. `earliest` is None when the provider did not say."""

    def __init__(self, message: str, earliest: datetime | None) -> None:
        super().__init__(message, param="start_time", code="reporting_lookback_exceeded")
        self.earliest = earliest


class KeyGroupingFloor(RequestRefused):
    """Grouping by API key is offered only from `floor` on."""

    def __init__(self, message: str, floor: datetime) -> None:
        super().__init__(message, param="start_time", code="invalid_request_error")
        self.floor = floor


class MalformedAnswer(ProviderError):
    """The answer breaks the contract; nothing of it was stored."""


class ProviderUnavailable(ProviderError):
    """The provider did not answer, or kept answering 429 or 5xx."""


class SyncStopped(ProviderError):
    """The process is shutting down; what was written stays."""
