"""Grow, add, remove, answer, update: one engine that changes a generated project.

It renders what the template made (`rendering`, from `source`) and what it would make, and carries
the difference over (`trees` says in which steps, `repository` runs git, `picking` does the steps,
`change` does a whole change and undoes it). `wishes` turns a command into answers, `lesson` writes
the pull request's text, `commands` are the doors.
"""
