"""The one contract: what a record is, and what is predicted from it.

Edit this file to use your own data. From it come the validation of files and
requests, the web form, the features of the model and the tests.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """One adult penguin, measured at its nest: what is known before we predict."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    species: Literal["Adelie", "Chinstrap", "Gentoo"] = Field(description="Species")
    island: Literal["Biscoe", "Dream", "Torgersen"] = Field(description="Island of the nest")
    clutch_completion: bool = Field(description="Both eggs were laid")
    culmen_length_mm: float | None = Field(None, ge=20, le=80, description="Bill length, mm")
    culmen_depth_mm: float | None = Field(None, ge=10, le=30, description="Bill depth, mm")
    flipper_length_mm: float | None = Field(None, ge=150, le=260, description="Flipper length, mm")
    body_mass_g: float | None = Field(None, ge=2000, le=8000, description="Body mass, g")
    delta_15_n: float | None = Field(None, ge=5, le=12, description="Blood isotope δ15N, ‰")
    delta_13_c: float | None = Field(None, ge=-30, le=-20, description="Blood isotope δ13C, ‰")


class Example(Record):
    """A penguin whose sex is known from a DNA test: what we learn from."""

    sex: Literal["FEMALE", "MALE"] = Field(description="Sex")


TARGET = "sex"
TIME: str | None = None
GROUP: str | None = None
KEY: str | None = None
"""TIME orders rows, GROUP names the individual that rows are of, KEY tells rows apart."""
