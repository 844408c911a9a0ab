"""wherespent: where an OpenAI bill was spent."""

__version__ = "0.1.0"
