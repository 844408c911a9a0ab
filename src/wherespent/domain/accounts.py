"""Accounts: one OpenAI organization each."""

from dataclasses import dataclass
from datetime import timedelta

DEFAULT_ACCOUNT = "default"
# A refused key is not good again by itself, but its scopes may be changed where it was made.
ASK_REFUSED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Organization:
    """What tells one organization from another: its id ('' where unknown) and its projects."""

    id: str = ""
    projects: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        return bool(self.id or self.projects)


def is_another(stored: Organization, asked: Organization) -> bool:
    """Whether two organizations are surely not one.

    Ids decide where both are known. Else only projects that have nothing in common do: projects
    are renamed, added and archived all the time.
    """
    if stored.id and asked.id:
        return stored.id != asked.id
    return bool(stored.projects and asked.projects) and stored.projects.isdisjoint(asked.projects)


def is_counted_twice(stored: Organization, asked: Organization) -> bool:
    """Whether reading `asked` into another account would count the same projects again.

    The same id alone is not enough where there are projects: the regions of one organization have
    projects of their own. It is not needed either: not all rows carry one, and no two
    organizations share a project. Where neither shows any project, the id is all there is.
    """
    if stored.id and asked.id and stored.id != asked.id:
        return False
    if not stored.projects and not asked.projects:
        return bool(stored.id) and stored.id == asked.id
    return not stored.projects.isdisjoint(asked.projects)
