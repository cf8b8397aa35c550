"""What results of several catalogs have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catalogs.display import text_as_html
from catalogs.json_records import Record
from catalogs.texts import check_name

if TYPE_CHECKING:
    import pandas as pd


class ByCatalog(Record):
    """What results of several catalogs have in common: they show as one table after the other."""

    __slots__ = ()

    catalogs: Mapping[str, Any]
    """By name; each has ``table`` and ``to_dataframe``."""

    def __post_init__(self) -> None:
        for name in self.catalogs:
            check_name(name)

    def __str__(self) -> str:
        """A table for each catalog."""
        return "\n\n".join(catalog.table(name) for name, catalog in self.catalogs.items())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return text_as_html(str(self))

    def _joined(self) -> pd.DataFrame:
        """The rows of all catalogs, with their names in a column."""
        import pandas as pd

        parts: dict[str, pd.DataFrame] = {
            name: catalog.to_dataframe() for name, catalog in self.catalogs.items()
        }
        joined: pd.DataFrame = pd.concat(parts, names=["catalog"]).reset_index("catalog")
        return joined.reset_index(drop=True)
