"""Where a mention leads: the page of a project, user, key or model, else the narrowed view."""

from urllib.parse import quote

from wherespent.analytics.filters import NOT_REPORTED
from wherespent.dashboard.url_state import View

# Which URL parameter narrows the view to one value of a dimension.
PARAMETERS = {
    "model": "model",
    "project_id": "project",
    "user_id": "user",
    "api_key_id": "key",
    "line_item": "line_item",
    "account": "account",
}
# Below which path one value of a dimension has a page.
_PAGES = {
    "project_id": "/projects",
    "user_id": "/users",
    "api_key_id": "/keys",
    "service_account_id": "/service-accounts",
    "model": "/models",
}


def entity_href(view: View, dimension: str, key: str) -> str:
    """The page of one value, with the view that is open.

    A line item leads to the costs of that line item. What has no page (what is unattributed or
    not reported, an account, any other dimension) leads to the narrowed view, else to the same.
    """
    page = _PAGES.get(dimension)
    if page and key not in ("", NOT_REPORTED):
        return f"{page}/{quote(key, safe='')}{view.query()}"
    narrowed = view.only(PARAMETERS[dimension], key) if dimension in PARAMETERS else view
    if dimension == "line_item":
        return "/costs" + narrowed.query()
    return narrowed.query() or "?"
