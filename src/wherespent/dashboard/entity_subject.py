"""What a page about one project, user, service account or key is about: found by its address."""

from dataclasses import dataclass

from wherespent.analytics.entities import Entity, entities, find
from wherespent.dashboard.desk import Asked, Desk
from wherespent.dashboard.explore_link import explore_href
from wherespent.dashboard.links import PARAMETERS
from wherespent.dashboard.people_facts import narrowed
from wherespent.dashboard.routes import section

# The first part of a path, and what stands behind it.
DIMENSIONS = {
    "/projects": "project_id",
    "/users": "user_id",
    "/service-accounts": "user_id",
    "/keys": "api_key_id",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the page is about. `own` is the question about it alone, whatever the bar says."""

    entity: Entity
    own: Asked

    @property
    def dimension(self) -> str:
        return self.entity.kind.dimension

    def explore(self, asked: Asked, measure: str, *split: str, chart: str = "bars") -> str:
        """The same question in Explore, narrowed to this one."""
        view = asked.view.only(PARAMETERS[self.dimension], self.entity.id)
        return explore_href(view, measure=measure, split=split, chart=chart)


def subject_of(desk: Desk, asked: Asked) -> Subject | None:
    """None where nothing of that id was ever listed, used or billed."""
    dimension = DIMENSIONS.get(section(asked.path))
    if dimension is None:
        return None
    entity = find(desk.answers.ask(entities, dimension), asked.subject)
    return None if entity is None else Subject(entity, narrowed(asked, dimension, [entity.id]))
