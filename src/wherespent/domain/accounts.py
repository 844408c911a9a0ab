"""Accounts: one OpenAI organization each."""

DEFAULT_ACCOUNT = "default"
