"""A point map of places with the capacity that stands there and what it takes in; no outline, nothing from the web.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, floor, hypot, radians, sqrt
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from cemfa import locale
from cemfa.figures.picture import COLOURS, INK, MUTED, Picture, plain, styled, text_width

KM_PER_DEGREE: Final = 111.195  # mean Earth radius 6371.0088 km (IUGG), one degree of a great circle
_WIDTH: Final = 6.6
_LARGEST: Final = 30.0  # radius of the largest circle [pt]
_LINE: Final = 11.0
_AROUND: Final = ((1, 0), (-1, 0), (0, 1), (0, -1), (0.75, 1), (-0.75, 1), (0.75, -1), (-0.75, -1))
_Box = tuple[float, float, float, float]  # middle x and y, half width, half height [km]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with its design capacity and mean intake [t/d]; both zero: a place without a plant."""

    label: str
    lat: float
    lon: float
    capacity: float = 0.0
    intake: float = 0.0


@styled
def point_map(spots: Sequence[Spot], lang: str, *, title: str, largest: float | None = None) -> Picture:
    """Return a map of points: circle area is capacity, the filled part intake; true distances, bar of scale, north up.

    Parameters
    ----------
    spots : places with latitude and longitude [degree]
    largest : capacity of the largest circle [t/d], so that several maps share one scale; None: the largest here

    Examples
    --------
    >>> spots = [Spot("Ba Tri", 10.06, 106.58, 20.0, 12.0), Spot("Thạnh Phú", 9.91, 106.56)]
    >>> point_map(spots, "en", title="Plants").description
    'Ba Tri: capacity 20 t/d, intake 12 t/d; Thạnh Phú: no plant.'
    """
    middle = sum(spot.lat for spot in spots) / len(spots)
    east, north = cos(radians(middle)) * KM_PER_DEGREE, KM_PER_DEGREE
    at = [((spot.lon - spots[0].lon) * east, (spot.lat - spots[0].lat) * north) for spot in spots]
    xs, ys = [x for x, _ in at], [y for _, y in at]
    spread = max(max(xs) - min(xs), 1.0)
    edge_x, edge_y = 0.24 * spread + 1.0, 0.16 * spread + 1.0
    wide, high = max(xs) - min(xs) + 2 * edge_x, max(ys) - min(ys) + 2 * edge_y
    words = "; ".join(_words(spot, lang) for spot in spots) + "."
    figure = Picture(_WIDTH, min(_WIDTH * high / wide, 0.9 * _WIDTH) + 0.2, lang=lang, title=title, description=words)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_aspect("equal")
    per_inch = max(wide / figure.get_figwidth(), high / figure.get_figheight())
    half_x, half_y = per_inch * figure.get_figwidth() / 2, per_inch * figure.get_figheight() / 2
    axes.set_xlim((min(xs) + max(xs)) / 2 - half_x, (min(xs) + max(xs)) / 2 + half_x)
    axes.set_ylim((min(ys) + max(ys)) / 2 - half_y, (min(ys) + max(ys)) / 2 + half_y)
    km_per_point = (axes.get_xlim()[1] - axes.get_xlim()[0]) / (_WIDTH * 72)
    largest = largest or max((spot.capacity for spot in spots), default=0.0) or 1.0
    for spot, place in sorted(zip(spots, at, strict=True), key=lambda pair: -pair[0].capacity):
        _circles(figure, axes, spot, place, largest, km_per_point, lang)
    _labels(axes, spots, at, largest, km_per_point, lang)
    _graticule(axes, spots[0], (east, north), lang)
    _furniture(axes, wide, km_per_point, largest, lang)
    return figure


def _radius(mass: float, largest: float) -> float:
    return _LARGEST * sqrt(max(mass, 0.0) / largest)


def _circles(
    figure: Picture, axes: Axes, spot: Spot, place: tuple[float, float], largest: float, km: float, lang: str
) -> None:
    point = Circle(place, 2.4 * km, facecolor=INK, zorder=5)
    figure.explain(axes.add_artist(point), _words(spot, lang))
    if spot.capacity > 0:
        outer = Circle(place, _radius(spot.capacity, largest) * km, facecolor="#e3ebf5", edgecolor=COLOURS[2],
                       linewidth=1.2, zorder=2)  # fmt: skip
        figure.explain(axes.add_artist(outer), _words(spot, lang))
    if spot.intake > 0:
        inner = Circle(place, _radius(spot.intake, largest) * km, facecolor=COLOURS[3], edgecolor=COLOURS[0],
                       hatch="///", linewidth=0.6, alpha=0.9, zorder=3)  # fmt: skip
        figure.explain(axes.add_artist(inner), _words(spot, lang))


def _labels(
    axes: Axes, spots: Sequence[Spot], at: Sequence[tuple[float, float]], largest: float, km: float, lang: str
) -> None:
    """Write the names where they hit no circle and no other name: the first free of eight places around each point."""
    radii = [max(_radius(spot.capacity, largest), 3.0) * km for spot in spots]
    taken = [(x, y, radius, radius) for (x, y), radius in zip(at, radii, strict=True)]
    for number in sorted(range(len(spots)), key=lambda n: (-spots[n].capacity, n)):
        spot, (x, y) = spots[number], at[number]
        lines = [spot.label]
        if spot.capacity > 0 or spot.intake > 0:
            shown = [locale.number(float(f"{mass:.2g}"), lang) for mass in (spot.intake, spot.capacity)]
            lines.append(locale.text("figures.spot", lang, intake=shown[0], capacity=shown[1]))
        half_w = max(text_width(line) for line in lines) / 2 * km
        half_h = _LINE * len(lines) / 2 * km
        gap = radii[number] + 3.0 * km
        places = [(x + dx * (gap + half_w), y + dy * (gap + half_h)) for dx, dy in _AROUND]
        best = min(places, key=lambda p: _hit((*p, half_w, half_h), axes, taken[:number] + taken[number + 1 :]))
        taken.append((*best, half_w, half_h))
        for row, line in enumerate(lines):
            drawn = axes.text(best[0], best[1] + half_h - (row + 0.5) * _LINE * km, plain(line), ha="center",
                              va="center_baseline", color=INK if row == 0 else MUTED, zorder=6)  # fmt: skip
            drawn.set_gid(f"label-{number}-{row}")


def _hit(box: _Box, axes: Axes, taken: Sequence[_Box]) -> float:
    """Return the area of a label that lies on others or off the map."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    middle = ((left + right) / 2, (low + high) / 2, (right - left) / 2, (high - low) / 2)
    return sum(_overlap(box, other) for other in taken) + 4 * box[2] * box[3] - _overlap(box, middle)


def _graticule(axes: Axes, origin: Spot, km: tuple[float, float], lang: str) -> None:
    """Draw every tenth of a degree as a faint line, named at the left and upper edge."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    axes.set_facecolor("#f7f9fb")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.grid(color="#e1e6eb", linewidth=0.7)
    for axis, start, (first, last), per in (
        (axes.xaxis, origin.lon, (left, right), km[0]), (axes.yaxis, origin.lat, (low, high), km[1]),
    ):  # fmt: skip
        tenths = list(range(ceil((start + first / per) * 10), floor((start + last / per) * 10) + 1))
        edge = 0.05 * (high - low)  # names at the very edge would hit those of the other axis
        tenths = [n for n in tenths if (n / 10 - start) * per < last - edge]
        names = [f"{locale.number(n / 10, lang, 1)}°" for n in tenths]
        axis.set_ticks([(n / 10 - start) * per for n in tenths], names)
    axes.tick_params(length=0, labelsize="small", labelcolor=MUTED, top=False, bottom=False, pad=-4)
    axes.tick_params(axis="x", labeltop=True, labelbottom=False, pad=-12)
    axes.tick_params(axis="y", pad=-26)


def _overlap(a: _Box, b: _Box) -> float:
    wide = min(a[2] + b[2] - abs(a[0] - b[0]), 2 * a[2], 2 * b[2])
    high = min(a[3] + b[3] - abs(a[1] - b[1]), 2 * a[3], 2 * b[3])
    return wide * high if wide > 0 and high > 0 else 0.0


def _furniture(axes: Axes, wide: float, km: float, largest: float, lang: str) -> None:
    """Draw the bar of scale and the arrow to the north in the lower left, what the circles mean in the lower right."""
    left, bottom = axes.get_xlim()[0] + 10 * km, axes.get_ylim()[0] + 12 * km
    right = axes.get_xlim()[1] - 10 * km
    shown = locale.number(float(f"{largest:.2g}"), lang)
    keys = [locale.text(f"figures.map_{name}", lang, largest=shown) for name in ("intake", "capacity")]
    room = right - left - (max(map(text_width, keys)) + 52) * km  # what the keys leave to bar and arrow
    step = next(length for length in (50, 20, 10, 5, 2, 1) if length <= min(wide / 4, room) or length == 1)
    axes.plot([left, left + step], [bottom, bottom], color=INK, linewidth=2.2, solid_capstyle="butt")
    axes.text(left + step / 2, bottom + 4 * km, f"{step} km", ha="center", va="bottom")
    arrow, style = left + step + 16 * km, {"arrowstyle": "-|>", "color": INK, "linewidth": 1.0}
    axes.annotate("", (arrow, bottom + 22 * km), (arrow, bottom - 4 * km), arrowprops=style)
    axes.text(arrow + 7 * km, bottom + 8 * km, locale.text("figures.north", lang), va="center")
    looks = ((COLOURS[3], COLOURS[0], "///"), ("#e3ebf5", COLOURS[2], None))
    for row, (words, (face, edge, hatch)) in enumerate(zip(keys, looks, strict=True)):
        y = bottom + row * 15 * km
        axes.text(right - 14 * km, y, words, ha="right", va="center_baseline", color=MUTED)
        symbol = Circle((right - 5 * km, y), 4.5 * km, facecolor=face, edgecolor=edge, hatch=hatch, linewidth=0.9)
        axes.add_artist(symbol)


def _words(spot: Spot, lang: str) -> str:
    if spot.capacity <= 0 and spot.intake <= 0:
        return locale.text("figures.spot_empty", lang, label=spot.label)
    capacity, intake = (locale.number(float(f"{mass:.3g}"), lang) for mass in (spot.capacity, spot.intake))
    return locale.text("figures.spot_words", lang, label=spot.label, capacity=capacity, intake=intake)


def distance(a: Spot, b: Spot) -> float:
    """Return the distance of two places as drawn on a map around them [km].

    >>> round(distance(Spot("", 10.0, 106.0), Spot("", 10.0, 106.1)), 2)
    10.95
    """
    east = cos(radians((a.lat + b.lat) / 2)) * KM_PER_DEGREE
    return hypot((a.lon - b.lon) * east, (a.lat - b.lat) * KM_PER_DEGREE)
