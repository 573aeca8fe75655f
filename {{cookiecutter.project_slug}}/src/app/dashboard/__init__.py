"""Pages for people, by Streamlit: they know the API by its address and the tables by storage.

`main` is the menu, `sidebar` stands beside it, `views/` are the pages. `cached_reads` reads storage
for all of them, `record_form` asks for a record, `explanation` says why an answer is so,
`prediction_table` and `charts` draw. `python -m app.dashboard` starts it.
"""
