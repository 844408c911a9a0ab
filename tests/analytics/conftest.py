from tests.analytics.organization import facts, organization

__all__ = ["facts", "organization"]
