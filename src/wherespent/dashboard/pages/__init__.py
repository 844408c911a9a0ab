"""One module per page: PATH, TITLE, ids, layout() and register(app, desk)."""
