"""The pages: Dash on FastAPI, drawn from the answers of `analytics`."""
