"""What tests ask an API, and the shape in which it refuses."""

from app.contract import columns

RECORD = columns.example_record()


def problems(response, status):
    """Check the one shape of an error, and give its sentences."""
    assert response.status_code == status, response.text
    assert response.json["error"]["code"] == status
    assert "Traceback" not in response.text
    return "\n".join(response.json["error"]["problems"])
