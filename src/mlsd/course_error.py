"""The error that a user of the course's tools is told."""


class CourseError(Exception):
    """A file of the course or the project breaks a rule; the message says which and what to do."""
