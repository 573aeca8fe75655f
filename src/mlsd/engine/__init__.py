"""Grow, add, remove, answer, update: one engine that changes a generated project.

`commands` are the doors. `made` reads what a project was made from: `source` is the template's
repository, `rendering` renders a version of it. `wishes` turns a command into answers. `trees` says
by which steps one tree becomes another, and `picking` does them by git (`repository`). `change`
does a whole change or undoes it, behind `guards`. `lesson` writes the pull request's text,
`catalogue` lists the parts.
"""
