"""Pages for people, by Streamlit: they know the API by its address and the tables by storage.

`main` is the menu, `views/` are its pages, `cached_reads` reads storage for all of them,
`prediction_table` and `charts` draw. `python -m app.dashboard` starts it.
"""
