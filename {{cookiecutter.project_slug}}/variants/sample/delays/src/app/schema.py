"""The one contract: what a record is, and what is predicted from it.

Edit this file to use your own data. From it come the validation of files and
requests, the web form, the features of the model and the tests.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """An airport at 14:00: what is known of the flights due from 15:00 to 15:59."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    origin: Literal["EWR", "JFK", "LGA"] = Field(description="Airport")
    month: int = Field(ge=1, le=12, description="Month, 1 to 12")
    weekday: int = Field(ge=1, le=7, description="Day of the week, Monday is 1")
    scheduled_flights: int = Field(ge=1, le=60, description="Flights due from 15:00 to 15:59")
    temp: float | None = Field(None, ge=-20, le=120, description="Temperature, °F")
    humid: float | None = Field(None, ge=0, le=100, description="Relative humidity, %")
    wind_speed: float | None = Field(None, ge=0, le=100, description="Wind, miles per hour")
    wind_gust: float | None = Field(None, ge=0, le=150, description="Gusts, miles per hour")
    precip: float | None = Field(None, ge=0, le=5, description="Rain or snow, inches per hour")
    pressure: float | None = Field(None, ge=950, le=1060, description="Air pressure, millibars")
    visib: float | None = Field(None, ge=0, le=10, description="Visibility, miles")
    delay_13h_min: float | None = Field(
        None, ge=-60, le=600, description="Average delay of flights due from 13:00, minutes"
    )


class Example(Record):
    """An airport after 16:00, when the delay is known: what we learn from."""

    due_at: datetime = Field(description="Start of the hour, local time")
    delay_min: float = Field(ge=-60, le=600, description="Average departure delay, minutes")


TARGET = "delay_min"
TIME: str | None = "due_at"
GROUP: str | None = None
KEY: str | None = None
"""TIME orders rows, GROUP names the individual that rows are of, KEY tells rows apart."""
