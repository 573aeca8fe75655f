"""Grow, add, remove, answer, update: one engine that changes a generated project.

`commands` are the doors, and `planning` turns a command into a change: `made` reads what a project
was made from, `source` is the template's repository, `rendering` renders a version of it (`kept` in
a cache), `wishes` gives the wanted answers, `lesson` writes the pull request's text.
`change` does a whole change or undoes it, behind `guards`: `trees` says by which steps one tree
becomes another, `picking` does them by git (`repository`), `report` says what became of each path.
`catalogue` lists the parts.
"""
