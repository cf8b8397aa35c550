"""The names under which catalogs publish the same columns, in a dozen languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def normalised(name: str) -> str:
    """Lower case letters and digits only: ``"# Origin Time"`` and ``origin_time`` are one name."""
    if not name.isascii():
        name = name.replace("\u0131", "i").replace("º", "")
        decomposed = unicodedata.normalize("NFKD", name)
        name = "".join(ch for ch in decomposed if not unicodedata.combining(ch))
    return "".join(ch for ch in name.lower() if ch.isalnum())


NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        """
        time origintime datetime timestring timestamp eventtime evtime dt utc
        isotime origindatetime dateandtime datehour eventdatetime datetimestring
        fechahora fechayhora datahora dataora dataeora dataehora datumundzeit
        dateetheure datetempo dateheure datumzeit datumuhrzeit tarihsaat 发震时刻 发震时间
        發震時間 地震时间 发生时间 発生時刻 発生日時 発震日時 震源時 震源時刻 発震時 датавремя
        датаивремя 발생시각 발생일시
        """,
        """
        originepoch epoch epochtime unixtime unixtimestamp epochms epochseconds ot
        otime origin origtime datenum matlabdatenum mjd jd juliandate tempoorigine
        oraorigine heureorigine tiempoorigen orarioorigine waktu
        """,
    ),
    "date": (
        """
        date origindate eventdate evdate yyyymmdd ymd dateyyyymmdd yyyymmddutc fecha
        tgl 地震の発生日
        datum tarih olustarihi 日期 发震日期 発生日 年月日 日付 дата tanggal dato fechaorigen
        """,
        "data dat dagsetning",
    ),
    "clock": (
        """
        clock timeofday timehhmmss hhmmss hms hhmm uhrzeit olusumsaati oluszamani
        olussaati hhmmssss hhmmssmm clocktime hrmn hrmin hhmn hhmi hourmin hourminute horamin
        """,
        """
        hora horaorigen ora heure saat zeit tempo orario 时间 時間 時刻 时刻 время jam zaman
        orig ot 地震の発生時刻 cas czas vrijeme timi
        """,
    ),
    "year": ("year yr yyyy jahr ano anno annee anio yil 年 год tahun",),
    "month": (
        "month mes mese mois monat ay 月 месяц bulan",
        "mon mo mm mth",
    ),
    "day": (
        "day dia giorno jour tag gun 日 день hari dayofmonth",
        "dy da dd dom",
    ),
    "day_of_year": ("doy jday julday dayofyear yearday yday jourjulien",),
    "hour": (
        "hour hours hr hrs hh horas ore heures stunde stunden std 时 時 час",
        "ho hora ora heure saat h",
    ),
    "minute": (
        """
        minute minutes min mins mi mn minu minuto minutos minuti minuten dakika 分
        мин минуты
        """,
    ),
    "second": (
        """
        second seconds sec secs se ss sc segundo segundos secondi seconde secondes
        sekunde sekunden saniye 秒 сек
        """,
    ),
    "magnitude": (
        """
        magnitude mag magvalue magnitudevalue magval magnitud magnituda magnitudo
        buyukluk prefmag preferredmagnitude prefmagnitude xm 震级 震級 震级值 マグニチュード
        магнитуда magnitudine magn 규모 stærð
        """,
        """
        m ml mw md mb ms mww mwc mc mbg mlv mlg mbl mblg mj mjma mlh mwp mpref mamp
        maj mainmag
        """,
    ),
    "latitude": (
        """
        latitude lat latitud latitudine latitudes breite breitengrad enlem 纬度 緯度
        широта lintang latdeg ylat latorig latitudedeg latd 위도 breidd
        geografskasirina zemsirina szerokosc
        """,
        "latr",
    ),
    "longitude": (
        """
        longitude lon longitud longitudine lange langengrad boylam 经度 經度 経度 долгота
        bujur londeg xlon lonorig longitudedeg longorig lond longd longdeg 경도
        lengd geografskaduzina geografskadolzina zemdolzina zemdelka długosc
        """,
        "long lng lonr",
    ),
    "depth_km": (
        """
        depthkm depth dep dpt focaldepth hypodepth hypocentraldepth profundidad prof
        profondita profondeur profundidade tiefe derinlik 深度 深さ 震源深度 глубина
        kedalaman evdp depthm depthmeters depthmetres depthkilometers
        der głębokość глубинакм dubina globina hloubka dypi 깊이 발생깊이
        """,
        "z depr depthft depthfeet depthmi depthmiles",
    ),
    "event_id": (
        "eventid",
        """
        id evid publicid idevent idevento eventcode eqid depremkodu eventno evento
        numevent
        """,
        "catalogid",
    ),
    "event_type": (
        "eventtype evtype evttype eventkind 地震类型",
        """
        type et etype tip tipo kind tipoevento tipodeevento tipodoevento tipodievento
        tipodelevento tipoeventos typeofevent typeevent ereignistyp ereignisart
        typeevenement typedevenement typdevenement olaytipi olayturu natureza nature
        naturaleza natura eventclass evento tipodesismo tipsobytiya типсобытия
        """,
    ),
    "magnitude_type": (
        """
        magnitudetype magtype magt magtyp tipomag tipomagnitud tipomagnitudo typemag
        mtype typeofmagnitude magnitudescale magscale 震级类型
        """,
        "type tip tipo",
    ),
}
"""Role -> tiers of names in order of preference."""

COMPASS: dict[str, dict[str, str]] = {
    "latitude": {
        **dict.fromkeys(("n", "north", "norte", "nord", "kuzey", "lu"), "N"),
        **dict.fromkeys(("s", "south", "sur", "sul", "sud", "guney", "ls"), "S"),
    },
    "longitude": {
        **dict.fromkeys(("e", "east", "este", "est", "leste", "ost", "dogu", "bt"), "E"),
        **dict.fromkeys(("w", "west", "oeste", "ouest", "ovest", "bati", "bb"), "W"),
        "o": "O",
    },
}
"""Words of a column's name, or behind its degrees, that say on which side they count; O is Ost or
oeste, and LU, LS, BT and BB are lintang utara and selatan, bujur timur and barat."""

SIDES_ELSEWHERE = {
    **dict.fromkeys(("北纬", "北緯", "\u0441.\u0448."), "N"),
    **dict.fromkeys(("南纬", "南緯", "ю.ш."), "S"),
    **dict.fromkeys(("东经", "東經", "東経", "в.д."), "E"),
    **dict.fromkeys(("西经", "西經", "西経", "з.д."), "W"),
}
"""Words for the side in other scripts, before or behind the degrees."""

SIDE_NAMES = frozenset(
    {"side", "dir", "direction", "hem", "hemi", "hemisphere", "hemisferio", "emisfero", "nsew"}
)
"""Names of a column that holds N or S, E or W."""

MINUTES = {
    role: frozenset(f"{name}{word}" for name in names for word in ("m", "min", "mins", "minutes"))
    for role, names in {
        "latitude": ("lat", "latitude"),
        "longitude": ("lon", "long", "longitude"),
    }.items()
}
"""Names of the minutes that belong to the degrees of another column."""

GERMAN = ("breite", "lange", "datum", "zeit", "tiefe")
ENGLISH = ("latitude", "longitude", "magnitude")

ROMANCE = ("latitud", "longitud", "fecha", "hora", "heure", "data", "prof", "magnitud")
"""Beginnings or ends of names that tell what the O of a longitude stands for."""


_SIZES = ("magnitude", "mag", "magnitud", "magnitudo", "magnitudine", "magnituda")
_SCALES = ("ml", "mw", "md", "mb", "ms", "mc", "local", "moment", "momento", "duration")
SCALED = frozenset(
    f"{a}{b}" for one, two in ((_SIZES, _SCALES), (_SCALES, _SIZES)) for a in one for b in two
)
"""Magnitudes with their scale: Magnitud Ml, Moment Magnitude."""


def _with_compass(role: str, names: frozenset[str]) -> frozenset[str]:
    """The names of degrees also with a side: ``lonw``, ``westlongitude``."""
    sides = COMPASS.get(role, {})
    behind = {name + side for name in names for side in sides}
    before = {side + name for name in names for side in sides if len(side) > 1}
    return names | behind | before


ALIASES: dict[str, tuple[frozenset[str], ...]] = {
    role: tuple(_with_compass(role, frozenset(map(normalised, tier.split()))) for tier in tiers)
    for role, tiers in NAMES.items()
}
ALIASES["magnitude"] = (ALIASES["magnitude"][0], ALIASES["magnitude"][1] | SCALED)
"""Role -> tiers of names, each in the form that ``normalised`` gives."""

UNRELATED_NAMES = """
        nst nsta nph np ns gap dmin rms err erh erz q qual quality tsu vol no num
        number std cc nccp nccs nctp ncts cid int intensity mmi nobs phases stations
        dist clo fe
        """
UNRELATED = frozenset(UNRELATED_NAMES.split())
"""Columns of small whole numbers that are no hours, minutes or seconds."""

FREE_TEXT_NAMES = """
        place location locationname eventlocationname region regionname comment
        comments remark remarks description name flinn flinnengdahl yer lugar
        localizacion localizacao luogo zona referencia referencialocalizacion
        referenciadelocalizacion lieu ort bemerkung 参考地名 参考位置 地点 地名 震央地名 место
        epicenter epicentro epicentre area note notes locality town localidad
        wilayah geometry title
        """
FREE_TEXT = frozenset(map(normalised, FREE_TEXT_NAMES.split()))
"""Columns of words, in which blanks and delimiters may stand."""

MAGNITUDE_TYPES_NAMES = """
ml mw md mb ms mww mwc mwb mwr mwp mc mbg mbl mblg mlg mlv mlh mlhc mh mj mjma mbv mpv msz
ms20 mbtmp ms1 ml1 mb1 mlx mm me mfa mw(mb) mla mdl lg ma uk unk ms7 ms_20 mb_lg ml(texnet)
mwpd mlr dr
"""
MAGNITUDE_TYPES = frozenset(MAGNITUDE_TYPES_NAMES.split())
"""Names of magnitude scales, in lower case."""

FRACTIONS = {
    **dict.fromkeys(("csec", "centisecond", "centiseconds", "hundredths"), 10_000_000),
    **dict.fromkeys(("msec", "msecs", "millisec", "millisecond", "milliseconds"), 1_000_000),
    **dict.fromkeys(("usec", "usecs", "micros", "microsec", "microsecond", "microseconds"), 1000),
    **dict.fromkeys(("nsec", "nanos", "nanosecond", "nanoseconds"), 1),
}
"""Nanoseconds that a column of parts of a second counts, by its name."""

CALENDAR = ("year", "month", "day", "hour", "minute", "second")

ROLES_OF_TIME = ("time", "date", "clock", "day_of_year", *CALENDAR)

SHORT: dict[str, frozenset[str]] = {
    "year": frozenset({"y", "yy", "a", "aa"}),
    "month": frozenset({"m", "mm"}),
    "day": frozenset({"d", "dd", "j", "g", "t"}),
    "hour": frozenset({"h", "hh"}),
    "minute": frozenset({"m", "mm"}),
    "second": frozenset({"s", "ss"}),
}
"""Letters that name a part of a time by where they stand, as in YYYY MM DD HH MM SS."""

NEXT = {"year": "month", "month": "day", "day": "month", "hour": "minute", "minute": "second"}
"""Which part a short name means, by that of the column before it."""

UNIT_WORDS = frozenset({"km", "deg", "degree", "degrees", "kms"})

UTC_WORDS, LOCAL_WORDS = ("utc", "gmt"), ("local", "locale", "lt", "lokal", "oficial", "yerel")


def side_of(name: str, others: Iterable[str] = ()) -> str:
    """On which side the degrees of a column count, by its name: N, S, E, W, nothing or ``?``.

    >>> side_of("Long (°W)"), side_of("lat"), side_of("Latitud S"), side_of("Länge O")
    ('W', '', 'S', 'E')
    """
    words = [normalised(w) for w in re.split(r"[\W_\d]+|(?<=[a-z])(?=[NSEWO]$)", name)]
    words = [word for word in words if word]
    found: set[str] = set()
    for role, sides in COMPASS.items():
        known = {normalised(n) for tier in NAMES[role] for n in tier.split()}
        if any(word in known for word in words):
            found = {sides[word] for word in words if word in sides}
        elif not found and len(words) == 1:
            joined = {n + w: side for n in known for w, side in sides.items()}
            found = {joined[words[0]]} if words[0] in joined and words[0] != "lats" else found
    if len(found) != 1:
        return ""
    side = found.pop()
    return of_o([name, *others]) if side == "O" else side


def of_o(names: Iterable[str]) -> str:
    """What O stands for beside columns of these names: E, W, or ``?``."""
    keys = [normalised(name) for name in names]
    german = any(key.startswith(GERMAN) or key.endswith(GERMAN) for key in keys)
    romance = any(key.startswith(ROMANCE) and not key.startswith(ENGLISH) for key in keys)
    return "?" if german == romance else "E" if german else "W"


PLACES_OF_ZONES_NAMES = """
        italia italy italie italien roma chile santiago mexico cdmx peru lima ecuador
        quito galapagos colombia bogota venezuela caracas bolivia argentina brasil
        brazil brasilia nicaragua panama guatemala salvador honduras cuba dominicana
        puertorico espana spain peninsular peninsula canarias portugal lisboa azores
        acores france paris turkiye turkey istanbul ankara greece ellada ellados elladas
        athens athina cyprus israel jordan lebanon iran tehran iraq georgia armenia
        azerbaijan albania croatia hrvatska slovenia serbia romania bulgaria iceland
        island reykjavik norway nepal kathmandu india pakistan bangladesh myanmar
        thailand vietnam indonesia philippine philippines pilipinas manila japan nihon
        japon tokyo taiwan china beijing korea australia zealand fiji vanuatu tonga
        samoa alaska hawaii
        """
PLACES_OF_ZONES = frozenset(PLACES_OF_ZONES_NAMES.split())
"""Words in the name of a column of times that say where its clock stands: Data e Ora (Italia)."""

SHORT_PLACES = frozenset(
    {"ts", "tr", "nz", "nepali", "centro", "cl", "mx", "hl", "τοπικη", "ελλαδος"}
)
"""Words of the same meaning in brackets: Tarih (TS) is the time of Turkey, HL hora local."""

KNOWN_NAMES = FREE_TEXT | {name for tiers in ALIASES.values() for tier in tiers for name in tier}
"""Every name that means something."""

UNIT_NAMES = {
    "seconds": "s sec secs second seconds secondes segundos secondi sekunden",
    "minutes": "min mins minute minutes minutos minuti minuten",
    "hours": "h hr hrs hour hours heures horas ore stunden",
    "days": "d day days jours dias giorni tage",
}
"""Words by which a column's name says what its numbers count. An ``m`` may be a metre."""


COUNTED = frozenset({"t", "time", "elapsed", "rel", "relative"})
"""Words beside a unit in the name of a column that counts time."""

PLURALS = frozenset({"days", "hours", "hrs", "minutes", "mins", "seconds", "secs"})
"""Units that are such a name alone, where they are no parts of a calendar."""


def unit_of(name: str) -> str | None:
    """What the numbers of a column count, where its name has one unit of time.

    >>> unit_of("t_s"), unit_of("Time since shut-in [h]"), unit_of("time")
    ('seconds', 'hours', None)
    """
    words = set(re.findall(r"[a-z]+", name.lower()))
    found = [unit for unit, names in UNIT_NAMES.items() if words & set(names.split())]
    return found[0] if len(found) == 1 else None


def counts_time(name: str) -> bool:
    """Whether a name says that a column counts a unit of time, and nothing else.

    >>> [counts_time(name) for name in ("time_s", "t_sec", "seconds", "second", "time", "s_wave")]
    [True, True, True, False, False, False]
    """
    unit, words = unit_of(name), set(re.findall(r"[a-z]+", name.lower()))
    rest = words - set(UNIT_NAMES[unit].split()) if unit else words
    return unit is not None and rest <= COUNTED and bool(rest or words & PLURALS)
