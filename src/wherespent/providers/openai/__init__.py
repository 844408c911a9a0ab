"""The only code that talks to OpenAI."""
