"""Columns of dates, and the numbers they become: days since 1970, month, weekday, and the hour if there are times."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from regbench.data.own.numbers import is_missing
from regbench.data.raw import Refused
from regbench.data.table import Float64

TIME = r"(?:[T ]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?)?"
YEAR_FIRST = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + TIME)
DAY_FIRST = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + TIME)
SLASHES = re.compile(r"(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})" + TIME)
FIRST_DAY = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400  # seconds
PARTS = ("days", "month", "weekday", "hour")


def dates(file: str, name: str, cells: Sequence[str]) -> dict[str, Float64] | None:
    """The parts of a column of dates, each (N,) with gaps as NaN; None where a cell is no date.

    Dates are written 2024-12-31, 2024/12/31 or 31.12.2024, with a time or without; dates with a zone are put into UTC.
    31/12/2024 and 12/31/2024 are read where a day above 12 says which is which, and refused where none does.
    """
    filled = [(row, cell.strip()) for row, cell in enumerate(cells) if not is_missing(cell)]
    pattern = next((each for each in (YEAR_FIRST, DAY_FIRST, SLASHES) if filled and each.fullmatch(filled[0][1])), None)
    if pattern is None:
        return None
    found = [(row, pattern.fullmatch(cell)) for row, cell in filled]
    matches = [(row, match) for row, match in found if match]
    if len(matches) < len(filled):
        return None
    order = _order(file, name, [match for _, match in matches]) if pattern is SLASHES else ("day", "month")
    seconds, weekdays = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    months, hours = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    for row, match in matches:
        moment = _moment(match, order)
        if moment is None:
            return None
        seconds[row] = (moment - FIRST_DAY).total_seconds()
        months[row], weekdays[row] = moment.month, moment.weekday()
        hours[row] = moment.hour + moment.minute / 60
    parts = dict(zip(PARTS, (seconds / DAY, months, weekdays, hours), strict=True))
    return {part: values for part, values in parts.items() if part == "days" or _differ(values)}


def _moment(match: re.Match[str], order: tuple[str, str]) -> datetime | None:
    """The moment that a cell says, in UTC; None where there is no such day."""
    said = match.groupdict()
    if "first" in said:
        said |= dict(zip(order, (said["first"], said["second"]), strict=True))
    clock = (said["time"] or "0:00").replace(",", ".").split(":")
    zone = (said["zone"] or "Z").replace("UTC", "Z")
    text = f"{said['year']}-{int(said['month']):02}-{int(said['day']):02}T{int(clock[0]):02}:{clock[1]}"
    try:
        moment = datetime.fromisoformat(f"{text}{zone}").astimezone(UTC)
        return moment if len(clock) < 3 else datetime.fromtimestamp(moment.timestamp() + float(clock[2]), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _order(file: str, name: str, matches: Sequence[re.Match[str]]) -> tuple[str, str]:
    """Whether the day or the month comes first in 3/12/2024."""
    first, second = (max(int(match[group]) for match in matches) for group in ("first", "second"))
    if first > 12 >= second:
        return "day", "month"
    if second > 12 >= first:
        return "month", "day"
    if first > 12:
        return "day", "month"  # no such day: the column holds no dates
    raise Refused(
        f"{file}, column '{name}': '{matches[0].group()}' may begin with the day or the month; write 2024-12-31, "
        "or leave the column out with --drop"
    )


def _differ(values: Float64) -> bool:
    filled = values[~np.isnan(values)]
    return bool((filled != filled[0]).any())
