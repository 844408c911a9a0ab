"""Moves records from a provider into the database: what to read, when, and in which order."""
