"""The course's tools for a generated project; its `poe` tasks call them."""
